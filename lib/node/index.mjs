// SPDX-License-Identifier: LGPL-2.1-or-later
// The same for import.

import sockdup from './index.js';

export const {
  share, shareWithOutcome, fromShare, shareSet, shareSetWithOutcome, fromShareSet, querySet,
  query, revoke, tokenId, list, listSockets, monitor, info, toText, fromText,
  openInbox, joinInbox, bind, takePath,
} = sockdup;
export default sockdup;

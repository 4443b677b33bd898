// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks three times over one connection:
//
//	node client.js PORT

'use strict';

const http = require('http');

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ports = new Set();

function ask(path) {
  return new Promise((done, failed) => {
    const request = http.get({ agent, host: '127.0.0.1', port: process.argv[2], path }, (response) => {
      ports.add(request.socket.localPort);
      response.pipe(process.stdout, { end: false });
      response.on('end', () => setImmediate(done));
    });

    request.on('error', failed);
  });
}

(async () => {
  for (const path of ['/one', '/two', '/three'])
    await ask(path);
  console.log(`connections: ${ports.size}`);
  agent.destroy();
})();

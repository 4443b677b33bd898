// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockdup: hand a socket to another process as plain bytes.
 *
 * Init and exit: what tokens and registrations need comes first, the two doors to
 * them last.
 */

#include <linux/module.h>

#include "account.h"
#include "device.h"
#include "inbox.h"
#include "netlink.h"
#include "netlink_notice.h"
#include "registration.h"
#include "token.h"

static int __init sockdup_init(void)
{
	int err;

	err = sockdup_token_init(sockdup_nl_notice_tell);
	if (err)
		return err;
	sockdup_inbox_init();
	sockdup_registration_init();
	err = sockdup_account_init(sockdup_token_sweep, sockdup_registration_sweep);
	if (err)
		goto err_token;
	err = sockdup_netlink_init();
	if (err)
		goto err_account;
	err = sockdup_device_init();
	if (err)
		goto err_netlink;
	sockdup_netlink_open();
	return 0;

err_netlink:
	sockdup_netlink_exit();
err_account:
	sockdup_account_exit();
err_token:
	sockdup_token_exit();
	return err;
}

/*
 * A live token and an open handle each keep the module loaded, so there is
 * neither when this runs; a registration ends with its handle.
 */
static void __exit sockdup_exit(void)
{
	sockdup_device_exit();
	sockdup_netlink_exit();
	sockdup_account_exit();
	sockdup_token_exit();
}

module_init(sockdup_init);
module_exit(sockdup_exit);

MODULE_DESCRIPTION("Hand a socket to another process as plain bytes");
MODULE_AUTHOR("The sockdup developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");

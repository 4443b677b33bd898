// SPDX-License-Identifier: GPL-2.0-only
#include "partner.h"
#include "test.h"

int main(int argc, char **argv)
{
	process_prepare();
	if (argc > 1 && !strcmp(argv[1], "partner"))
		return partner_main();
	return test_main();
}

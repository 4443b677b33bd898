// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An HTTP server without a port of its own. It prints its process id, and answers on the
// connections whose tokens it reads, one a line, from standard input.

'use strict';

const http = require('http');
const readline = require('readline');

const sockdup = require('sockdup');

const server = http.createServer((request, response) => {
  response.end(`process ${process.pid} answers ${request.url}\n`);
});

readline.createInterface({ input: process.stdin }).on('line', (text) => {
  sockdup.fromShare(sockdup.fromText(text), { server });
});

console.log(process.pid);

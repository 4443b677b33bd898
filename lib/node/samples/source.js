// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An HTTP server that gives each connection away after its first answer:
//
//	node source.js TARGET	prints its port, then the text form of each token

'use strict';

const http = require('http');

const sockdup = require('sockdup');

const target = Number(process.argv[2]);

// share() and destroy() happen in one turn, so nothing is read in between. The token holds
// the connection open, which is why destroy() does not end it.
function handOver(connection) {
  console.log(sockdup.toText(sockdup.share(connection, target)));
  connection.destroy();
}

const server = http.createServer((request, response) => {
  response.on('finish', () => handOver(request.socket));
  response.end(`process ${process.pid} answers ${request.url}\n`);
});

server.listen(0, '127.0.0.1', () => console.log(server.address().port));

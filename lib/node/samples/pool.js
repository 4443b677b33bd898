// SPDX-License-Identifier: LGPL-2.1-or-later
//
// An HTTP server whose connections other processes answer, by their inboxes:
//
//	node pool.js		prints its process id, and answers on what it accepts
//	node pool.js PID ...	prints its port; posts each connection to one of these processes

'use strict';

const http = require('http');
const net = require('net');

const sockdup = require('sockdup');

function work() {
  const server = http.createServer((request, response) => {
    response.end(`process ${process.pid} answers ${request.url}\n`);
  });

  sockdup.openInbox({ slots: 256 })
    .on('socket', (connection) => server.emit('connection', connection));
  console.log(process.pid);
}

// Workers take turns. One that has no room makes its connections wait, and one that has ended
// loses its turn.
function acceptFor(workers) {
  const bindings = workers.map((pid) => sockdup.bind(pid));

  async function give(connection) {
    const binding = bindings.shift();

    if (!binding)
      throw new Error('all workers have ended');
    bindings.push(binding);
    try {
      await binding.post(connection, { close: true });
    } catch (error) {
      if (error.code !== 'EPIPE')
        throw error;
      if (bindings.includes(binding))
        bindings.splice(bindings.indexOf(binding), 1);
      await give(connection);
    }
  }

  // What is not read here is there for the worker.
  const server = net.createServer({ pauseOnConnect: true }, (connection) => {
    give(connection).catch(({ message }) => {
      console.error(message);
      connection.destroy();
    });
  });

  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

const workers = process.argv.slice(2).map(Number);

if (workers.length)
  acceptFor(workers);
else
  work();

// SPDX-License-Identifier: GPL-2.0-only
//
// The process at the other end: see Partner in node_test.js.

'use strict';

const readline = require('readline');

const scope = {
  sockdup: require(process.argv[2]),
  cluster: require('cluster'),
  dgram: require('dgram'),
  fs: require('fs'),
  http: require('http'),
  net: require('net'),
  once: require('events').once,
  require,
  kept: {},
};

async function evaluate(body, given) {
  const names = Object.keys(scope);
  const make = new Function(...names, `return (${body});`);

  return make(...names.map((name) => scope[name]))(...given);
}

async function answer(line) {
  const { body, given } = JSON.parse(line);

  try {
    return { result: await evaluate(body, given) };
  } catch (error) {
    const { message, code, errno, syscall } = error;

    return { error: { message, code, errno, syscall } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin }))
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  process.exit();
})();

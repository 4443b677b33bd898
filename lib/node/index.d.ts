// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sockdup for Node: share a socket with another process as plain bytes.
//
// If a system call fails, a function throws an Error with code ('ENOENT'), errno (negative)
// and syscall, as Node's own functions do. For a wrong argument it throws a TypeError with
// the code ERR_INVALID_ARG_VALUE.

import * as dgram from 'dgram';
import * as net from 'net';

/** What can be shared. A number is a descriptor of this process. */
export type Shareable = net.Socket | net.Server | dgram.Socket | number;

export interface ShareOptions {
  /** The token's life in milliseconds; 0, the default, is the module's. */
  ttl?: number;
  /** The token ends with this process, at the latest. */
  endOnClose?: boolean;
}

/** Any process of this user, in the caller's user and pid namespace; none needs to exist yet. */
export interface UserTarget {
  uid: number;
}

/**
 * Export a socket to a process, or to a user. It stays open in this one: destroy() or close() it in the
 * same turn of the event loop, or both processes read from it.
 *
 * @param target the process, by its id; or the one at the other end of an AF_UNIX connection; or a
 *   user, of whose processes the first to import has the socket
 * @returns the 128 bytes to send to the target
 */
export function share(
  handle: Shareable, target: number | net.Socket | UserTarget, options?: ShareOptions): Buffer;

interface OutcomeOf<Kind extends string> {
  kind: Kind;
  /** The token's. */
  id: string;
  /** When it ended, in milliseconds of CLOCK_BOOTTIME, whose seconds os.uptime() tells. */
  when: number;
}

/** The target has the socket. */
export interface ImportedOutcome extends OutcomeOf<'imported'> {
  /** The process that imported; 0 if it is not visible here. */
  pid: number;
  /** Its effective user. */
  uid: number;
}

/**
 * How a token ended. Nobody has imported it if it was revoked by its exporter's user or an
 * administrator; or declined, which is revoked by its target; or its life was over; or its
 * target ended.
 */
export type Outcome = ImportedOutcome |
  OutcomeOf<'revoked' | 'declined' | 'expired' | 'target-died' | 'other'> & { pid?: undefined, uid?: undefined };

export interface Shared {
  /** The 128 bytes to send to the target. */
  info: Buffer;
  /** The token's, for logs and revoke(); nobody can import with it. */
  id: string;
  /** How the token ended. It keeps the event loop alive until then. */
  outcome: Promise<Outcome>;
}

/**
 * Export as share() does, and learn what becomes of the token. Keep the socket until then,
 * paused or otherwise unread, to give it to another process if this one does not import it.
 */
export function shareWithOutcome(
  handle: Shareable, target: number | net.Socket | UserTarget, options?: ShareOptions): Shared;

/** The id of a token, from the bytes. Works for a token that has ended, too. */
export function tokenId(info: Uint8Array): string;

export interface FromShareOptions {
  /**
   * Takes the imported socket: a listening socket makes the server listen, for a connection
   * it emits 'connection'. An http.Server or tls.Server will do.
   */
  server?: net.Server;
  /** As for new net.Socket() and new net.Server(); the default is the server's. */
  allowHalfOpen?: boolean;
  /** As for new net.Socket(). */
  readable?: boolean;
  /** As for new net.Socket(). */
  writable?: boolean;
}

/**
 * Import a socket that was shared with this process. The class is that of the socket: a
 * net.Socket for a connection, a net.Server for a listening socket, a dgram.Socket for
 * datagrams. Node makes the socket non-blocking, for all processes that have it.
 */
export function fromShare(info: Uint8Array, options?: FromShareOptions): net.Socket | net.Server | dgram.Socket;

export interface Identity {
  /** 0 if the process is not visible here. */
  pid: number;
  uid: number;
  gid: number;
}

export interface TokenDescription {
  /** AF_* of the socket. */
  family: number;
  /** SOCK_* of the socket. */
  type: number;
  /** The protocol, as the kernel names it. */
  protocol: string;
  source: Identity;
  /** The process that may import; 0 if it is not visible here, or if the token is for a user. */
  target: number;
  /** The user that the token is for; absent if that is a process. */
  targetUid?: number;
  /** Milliseconds since the export. */
  age: number;
  /** Milliseconds until the end of the token's life. */
  left: number;
}

/** Ask about a token: for its target, and for its exporter's user. */
export function query(info: Uint8Array): TokenDescription;

/** End a token, named by its bytes or by the id that list() and monitor() tell. */
export function revoke(token: Uint8Array | string): void;

export interface IpAddress {
  address: string;
  family: 'IPv4' | 'IPv6';
  port: number;
}

export interface UnixAddress {
  /** A path, or an abstract name, which begins with a NUL. */
  path: string;
}

export interface TokenInfo {
  /** Names the token; nobody can import with it. */
  id: string;
  target: number;
  /** The user that the token is for; absent if that is a process. */
  targetUid?: number;
  source: number;
  uid: number;
  gid: number;
  age: number;
  left: number;
  /** How many sockets the token holds; the rest tells of the first. */
  sockets: number;
  family: number;
  type: number;
  protocol: string;
  local?: IpAddress | UnixAddress;
  remote?: IpAddress | UnixAddress;
  /** An AF_INET6 socket with IPV6_V6ONLY. */
  ipv6Only: boolean;
  inode: number;
  /** The inode number of its network namespace, 0 where the kernel does not tell. */
  netns: number;
  /** The number of TCP_ESTABLISHED (1) or the like; 0 beyond TCP, UDP and AF_UNIX. */
  state: number;
}

export interface ListFilter {
  target?: number;
  source?: number;
  uid?: number;
}

/** The live tokens that this user sees. */
export function list(filter?: ListFilter): TokenInfo[];

export interface TokenEvent {
  event: 'exported' | 'imported' | 'revoked' | 'expired' | 'handle-closed' | 'target-died' | 'other';
  id: string;
  uid: number;
  /** The user that the token is for; absent if that is a process. */
  targetUid?: number;
}

/** Notifications came too fast, and some are lost. */
export interface LostEvents {
  event: 'lost';
  id?: undefined;
  uid?: undefined;
  targetUid?: undefined;
}

export interface Monitor extends AsyncIterableIterator<TokenEvent | LostEvents> {
  /** End it, and the iterations that wait. */
  close(): void;
}

/** What happens to tokens from now on. Needs CAP_NET_ADMIN. */
export function monitor(): Monitor;

export interface ModuleInfo {
  abiVersion: number;
  /** SOCKDUP_FEATURE_* */
  features: number;
  /** Milliseconds. */
  defaultTtl: number;
  /** Milliseconds. */
  maxTtl: number;
  maxSockets: number;
}

/** What the module tells of itself; throws ENODEV where it is not loaded. */
export function info(): ModuleInfo;

/** One word of printable ASCII that names the token, for a line or a variable. */
export function toText(info: Uint8Array): string;

export function fromText(text: string): Buffer;

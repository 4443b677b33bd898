// SPDX-License-Identifier: LGPL-2.1-or-later
//
// sockdup for Node: share a socket with another process as plain bytes.
//
// If a system call fails, a function throws an Error with code ('ENOENT'), errno (negative)
// and syscall, as Node's own functions do. For a wrong argument it throws a TypeError with
// the code ERR_INVALID_ARG_VALUE.

import * as dgram from 'dgram';
import { EventEmitter } from 'events';
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
  cgroup?: undefined;
}

/**
 * Any process in a control group of version 2 or below it, by the path of its directory or a
 * descriptor; with a uid, any of that user's there. The token ends with the group's removal.
 */
export interface GroupTarget {
  cgroup: string | number;
  uid?: number;
}

/**
 * Export a socket to a process, a user or a control group. It stays open in this one: destroy() or close() it in the
 * same turn of the event loop, or both processes read from it.
 *
 * @param target the process, by its id; or the one at the other end of an AF_UNIX connection; or a
 *   user or a control group, of whose processes the first to import has the socket
 * @returns the 128 bytes to send to the target
 */
export function share(
  handle: Shareable, target: number | net.Socket | UserTarget | GroupTarget, options?: ShareOptions): Buffer;

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
  handle: Shareable, target: number | net.Socket | UserTarget | GroupTarget, options?: ShareOptions): Shared;

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

/** Names and what they stand for: an object, or pairs, such as a Map has. */
export type NamedShareables = { readonly [name: string]: Shareable } |
  ReadonlyArray<readonly [string, Shareable]> | Iterable<readonly [string, Shareable]>;

export interface ShareSetOptions extends ShareOptions {
  /** Up to 64 KiB that the kernel keeps for the importer. */
  payload?: Uint8Array;
}

/**
 * Export up to 1024 sockets and a payload under one token. All else is as for share(). The target
 * imports all or nothing, by fromShareSet().
 *
 * @param sockets in the order in which the target gets them; an object has numbers before other
 *   names. A name has up to 63 bytes in UTF-8, and may be empty; pairs may have names alike.
 */
export function shareSet(
  sockets: NamedShareables, target: number | net.Socket | UserTarget | GroupTarget, options?: ShareSetOptions): Buffer;

/** Export as shareSet() does, and learn what becomes of the token, as by shareWithOutcome(). */
export function shareSetWithOutcome(
  sockets: NamedShareables, target: number | net.Socket | UserTarget | GroupTarget, options?: ShareSetOptions): Shared;

export interface FromShareSetOptions {
  /** Each takes the sockets of its name, as the server of FromShareOptions does. */
  servers?: { [name: string]: net.Server };
  /** As for new net.Socket() and new net.Server(), for each socket. */
  allowHalfOpen?: boolean;
  /** As for new net.Socket(), for each socket. */
  readable?: boolean;
  /** As for new net.Socket(), for each socket. */
  writable?: boolean;
}

/** A socket of a set, or why Node cannot take it over. In the latter case its descriptor is closed. */
export type NamedSocket =
  { name: string, socket: net.Socket | net.Server | dgram.Socket, error?: undefined } |
  { name: string, socket?: undefined, error: NodeJS.ErrnoException };

export interface SharedSet {
  /** In the exporter's order. */
  sockets: NamedSocket[];
  /** Empty if nothing came along. */
  payload: Buffer;
  /** The exporter, as the kernel recorded it. */
  source: Identity;
}

/**
 * Import all sockets of a token, and its payload. A token of share() is a set of one, without a
 * name. If Node has no class for one of the sockets, nothing is imported.
 */
export function fromShareSet(info: Uint8Array, options?: FromShareSetOptions): SharedSet;

export interface SocketKind {
  name: string;
  /** AF_* */
  family: number;
  /** SOCK_* */
  type: number;
  /** The protocol, as the kernel names it. */
  protocol: string;
}

/** The sockets of a token, in the exporter's order: for its target, and for its exporter's user. */
export function querySet(info: Uint8Array): SocketKind[];

export interface Identity {
  /** 0 if the process is not visible here. */
  pid: number;
  uid: number;
  gid: number;
}

/** What an inbox takes. */
export interface InboxLimits {
  /** Posts that can wait. */
  slots: number;
  /** Bytes of the largest message. */
  messageSize: number;
  /** Sockets of the largest post. */
  maxSockets: number;
}

export interface InboxOptions {
  /** Up to 65536; the default is 64. */
  slots?: number;
  /** Up to 4096; the default is 0. */
  messageSize?: number;
  /** Up to 1024; the default is 1. */
  maxSockets?: number;
  /** The users who may post, one or more; the default is this process's own alone. */
  users?: readonly number[] | 'anybody';
}

/** A socket of a post, or why Node cannot take it over. In the latter case its descriptor is closed. */
export type PostedSocket =
  { socket: net.Socket | net.Server | dgram.Socket, error?: undefined } |
  { socket?: undefined, error: NodeJS.ErrnoException };

interface PostDescription {
  /** In the sender's order. */
  sockets: PostedSocket[];
  /** The sender's number. */
  cookie: bigint;
  /** Empty if nothing came along. */
  message: Buffer;
  /** The sender, as the kernel recorded it. */
  source: Identity;
  /** Names the post. */
  id: string;
}

export interface Post extends PostDescription {
  /** The first of the sockets that Node could take over. */
  socket: net.Socket | net.Server | dgram.Socket;
}

/** A post of which Node could take over no socket. */
export interface LostPost extends PostDescription {
  socket?: undefined;
}

export interface InvitationOptions extends ShareOptions {
  /** What the target may do: post to the inbox, or accept from it, too. */
  to: 'post' | 'accept';
}

export interface InboxEvents {
  /** A post was accepted. If a listener throws, the inbox closes the sockets of the post. */
  socket: [socket: net.Socket | net.Server | dgram.Socket, post: Post];
  /**
   * Node can take over no socket of a post, such as a connection that has ended; or a security
   * module has refused it, and then there is no post.
   */
  socketError: [error: NodeJS.ErrnoException, post?: LostPost];
  /** No post can be accepted now, mostly for want of descriptors or memory. The inbox tries again after a second. */
  error: [error: NodeJS.ErrnoException];
  close: [];
}

/**
 * Accepts posts while 'socket' has a listener and it is not paused, or an iteration waits, and keeps
 * the event loop alive meanwhile. Otherwise they wait in the kernel, or another process of a pool
 * accepts them.
 */
export interface Inbox extends EventEmitter, AsyncIterable<Post> {
  readonly limits: InboxLimits;
  on<Name extends keyof InboxEvents>(event: Name, listener: (...given: InboxEvents[Name]) => void): this;
  once<Name extends keyof InboxEvents>(event: Name, listener: (...given: InboxEvents[Name]) => void): this;
  /** Posts one at a time. It ends with the inbox, and leaving the loop closes the inbox. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Post>;
  /**
   * A token by which the target binds to the inbox or joins it, once.
   * @param target as for share(), but not a user in a control group
   * @returns the 128 bytes to send to the target
   */
  invite(target: number | net.Socket | UserTarget | GroupTarget, options: InvitationOptions): Buffer;
  /** End a post that waits. */
  decline(id: string): void;
  pause(): this;
  resume(): this;
  isPaused(): boolean;
  ref(): this;
  unref(): this;
  /** If no other process has joined it, the inbox ends, and so do the posts that wait. */
  close(): this;
}

/** Open the inbox of this process, which can have one. */
export function openInbox(options?: InboxOptions): Inbox;

/** Accept from the inbox of another process, too, by an invitation to accept. */
export function joinInbox(invitation: Uint8Array): Inbox;

export interface PostOptions {
  /** Any number of 64 bits; the default is 0. */
  cookie?: number | bigint;
  /** Up to messageSize bytes. */
  message?: Uint8Array;
  /** How long the post may wait to be accepted, in milliseconds; 0, the default, is the module's. */
  ttl?: number;
  /** Once the sockets are posted, close() or destroy() them here, in the same turn of the event loop. */
  close?: boolean;
}

export interface Binding {
  readonly limits: InboxLimits;
  /**
   * Post a socket or several. Where there is room, this is done before the call returns; otherwise
   * the promise waits for room, after those before it, and keeps the event loop alive.
   * @returns the id of the post
   */
  post(sockets: Shareable | readonly Shareable[], options?: PostOptions): Promise<string>;
  /** End a post of this binding that waits to be accepted. */
  revoke(id: string): void;
  /** The posts stay. Those that wait for room are refused with EBADF. */
  close(): void;
}

/**
 * Bind to an inbox, to post to it.
 *
 * @param target the process that has it, by its id or a pidfd; or the one at the other end of an
 *   AF_UNIX connection; or an invitation to post
 */
export function bind(target: number | net.Socket | { pidfd: number } | { invitation: Uint8Array }): Binding;

export interface TokenDescription {
  /** AF_* of the first socket. */
  family: number;
  /** SOCK_* of the first socket. */
  type: number;
  /** The protocol of the first socket, as the kernel names it. */
  protocol: string;
  /** How many sockets the token holds; querySet() tells of all. */
  sockets: number;
  /** Bytes that travel with the token. */
  payloadSize: number;
  source: Identity;
  /** The process that may import; 0 if it is not visible here, or if the token is not for one process. */
  target: number;
  /** The user that the token is for, if it is for one. */
  targetUid?: number;
  /** The control group that it is for, by the inode number of its directory, likewise. */
  targetCgroup?: number;
  /** What an invitation to an inbox, which has no socket, lets its target do there. */
  invitation?: 'post' | 'accept';
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

export interface SocketInfo {
  /** What its exporter calls it, or empty. */
  name: string;
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

/** A token, and the first of its sockets. */
export interface TokenInfo extends SocketInfo {
  /** Names the token; nobody can import with it. */
  id: string;
  target: number;
  /** The user that the token is for, if it is for one. */
  targetUid?: number;
  /** The control group that it is for, by the inode number of its directory, likewise. */
  targetCgroup?: number;
  /** What an invitation to an inbox, which has no socket, lets its target do there. */
  invitation?: 'post' | 'accept';
  source: number;
  uid: number;
  gid: number;
  age: number;
  left: number;
  /** How many sockets the token holds; listSockets() tells of all. */
  sockets: number;
  /** Bytes that travel with the token. */
  payloadSize: number;
}

export interface ListFilter {
  target?: number;
  source?: number;
  uid?: number;
}

/** The live tokens that this user sees. */
export function list(filter?: ListFilter): TokenInfo[];

/** The sockets of a token, by its id, in the exporter's order; for those who see it in list(). */
export function listSockets(id: string): SocketInfo[];

export interface TokenEvent {
  event: 'exported' | 'imported' | 'revoked' | 'expired' | 'handle-closed' | 'target-died' | 'other';
  id: string;
  uid: number;
  /** The user that the token is for, if it is for one. */
  targetUid?: number;
  /** The control group that it is for, by the inode number of its directory, likewise. */
  targetCgroup?: number;
  /** What an invitation to an inbox, which has no socket, lets its target do there. */
  invitation?: 'post' | 'accept';
}

/** Notifications came too fast, and some are lost. */
export interface LostEvents {
  event: 'lost';
  id?: undefined;
  uid?: undefined;
  targetUid?: undefined;
  targetCgroup?: undefined;
  invitation?: undefined;
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

/** The name of an AF_UNIX socket that is kept, from takePath(). */
export interface UnixPath {
  /**
   * Put the name back if it is gone; true if it was. Only while a process has the socket open:
   * otherwise the path leads to a file that refuses connections. Throws EEXIST if another file
   * has the name, ESTALE if somebody has removed the second link.
   */
  restore(): boolean;
  /**
   * Resolves to true when the name may be gone; restore() makes it wait again. The first call
   * does not wait. Resolves to false once the path is released. It keeps the event loop alive.
   */
  changed(): Promise<boolean>;
  /** Keep the name no longer, and remove the second link. The name stays as it is. */
  release(): void;
}

/**
 * Keep the name of an AF_UNIX socket that was taken over: the old server may unlink it when it
 * ends, and then nobody can connect. Makes a second hard link of the socket's file beside it.
 * Call this while the path still leads to the socket. It needs no module.
 *
 * @param server a server that listens on it, or a descriptor
 * @returns null if the name is abstract, which nobody can unlink
 */
export function takePath(server: net.Server | number): UnixPath | null;

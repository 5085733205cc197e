/// <reference types="node" />
/** TCP for Node: the only part of this package that touches the platform. */
import { connect } from 'node:net';
import { GdbClient } from '../client/client.ts';
import type { ClientOptions } from '../client/client.ts';
import { GdbError } from '../error.ts';

/** Where the target listens, and how long to wait for it. */
export interface TcpTarget extends Omit<ClientOptions, 'send' | 'startTimer'> {
  readonly host?: string;
  readonly port: number;
  /** For the connection and for each request, in milliseconds; 10,000 when left out. */
  readonly timeout?: number;
}

/** A client and the end of its connection. */
export interface TcpSession {
  readonly client: GdbClient;
  /** Closes the socket without telling the target; `client.detach()` or `client.kill()` come before it. */
  readonly close: () => void;
}

/**
 * Connects to a GDB server (QEMU's `-gdb tcp:127.0.0.1:PORT`) and exchanges features.
 *
 * @throws GdbError `closed` when nobody listens or the connection breaks, `timeout` when nobody answers.
 */
export function connectTcp(target: TcpTarget): Promise<TcpSession> {
  const host = target.host ?? '127.0.0.1';
  const timeout = target.timeout ?? 10_000;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: target.port, noDelay: true });
    const client = new GdbClient({
      ...target,
      send: (bytes) => void socket.write(bytes),
      startTimer: (expired) => {
        const timer = setTimeout(expired, timeout);
        return () => {
          clearTimeout(timer);
        };
      },
    });
    const slow = setTimeout(() => {
      socket.destroy();
      reject(new GdbError('timeout', `${host}:${target.port}: no connection in ${timeout} ms. Check address and firewall`));
    }, timeout);
    socket.on('data', (bytes) => {
      client.receive(bytes);
    });
    socket.on('error', (error) => {
      clearTimeout(slow);
      client.connection.close(error.message);
      reject(new GdbError('closed', `${host}:${target.port}: ${error.message}. Start the target with its GDB server on this port`));
    });
    socket.on('close', () => {
      client.connection.close();
    });
    socket.on('connect', () => {
      clearTimeout(slow);
      client.start().then(
        () => {
          resolve({ client, close: () => socket.destroy() });
        },
        (error: unknown) => {
          socket.destroy();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  });
}

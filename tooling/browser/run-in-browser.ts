import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { chromium, type Browser } from 'playwright-core';

/**
 * What runs in the page: a module whose `main` export takes plain data and returns (or resolves to) plain data. It is
 * bundled for a browser, so an import of Node anywhere below it is an error.
 */
export interface BrowserRun {
  /** Absolute path of a TypeScript module that exports `main(input)`. */
  readonly entry: string;
  /** Handed to `main`, as JSON. */
  readonly input?: unknown;
  /** Milliseconds until the run counts as hung. Default: one minute. */
  readonly timeout?: number;
  /** Default: where Debian and Ubuntu install it. */
  readonly chromium?: string;
}

/** The tests want a deterministic page and no traffic: no updates, no background services, no QUIC. */
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

async function bundle(entry: string): Promise<string> {
  const contents = `import { main } from ${JSON.stringify(entry)};\nglobalThis.runMain = async (input) => JSON.stringify({ value: await main(input) });`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022', logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Serves the page and its script on a free port of the loopback interface. */
async function serve(script: string): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/main.js';
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8');
    // The policy of a careful host: generated WebAssembly is allowed, generated JavaScript is not.
    response.setHeader('content-security-policy', "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
    response.end(isScript ? script : '<!doctype html><title>worldswitch</title><script type="module" src="/main.js"></script>');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/` };
}

async function runInPage(browser: Browser, url: string, input: unknown, timeout: number): Promise<unknown> {
  const page = await browser.newPage();
  page.setDefaultTimeout(timeout);
  const failed = new Promise<never>((_, reject) => page.on('pageerror', reject));
  const run = async (): Promise<string> => {
    await page.goto(url);
    await page.waitForFunction('globalThis.runMain !== undefined');
    return page.evaluate(`globalThis.runMain(${JSON.stringify(input ?? null)})`);
  };
  let timer: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the page did not answer within ${String(timeout)} ms`)), timeout);
  });
  try {
    return (JSON.parse(await Promise.race([run(), failed, hung])) as { value: unknown }).value;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Bundles `entry`, opens it in headless Chromium and returns what its `main` returned, through JSON (so hand bigints over
 * as strings).
 * @throws Error if the bundle needs Node, if the page throws, or if it does not answer in time
 */
export async function runInBrowser({ entry, input, timeout = 60_000, chromium: executablePath = '/usr/bin/chromium' }: BrowserRun): Promise<unknown> {
  const { server, url } = await serve(await bundle(entry));
  try {
    const browser = await chromium.launch({ executablePath, headless: true, args: quiet });
    try {
      return await runInPage(browser, url, input, timeout);
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
}

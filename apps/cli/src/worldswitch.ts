#!/usr/bin/env node
/** The command. Everything heavy is loaded by the subcommand that needs it. */
import * as nodeModule from 'node:module';

// Node 22 keeps compiled code from one start to the next; Node 20 has no such thing.
(nodeModule as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));

#!/usr/bin/env node
/** The command. Everything heavy is loaded by the subcommand that needs it. */
import { main } from './main.ts';

process.exitCode = await main(process.argv.slice(2));

#!/usr/bin/env node
import { backtestCommand } from './backtest/command.ts';
import { explainCommand } from './explain/command.ts';
import type { Io } from './io.ts';
import { lagCommand } from './lag/command.ts';
import { UsageError } from './usage-error.ts';

const help = `Usage: lagscaler <command> [options]

  lag       show how far consumer groups are behind
  explain   show why a scaler has the replicas that it has
  backtest  show what autoscaling would have done with a history of load

lagscaler <command> --help tells the options of a command.
`;

const commands: Readonly<Record<string, (argv: readonly string[], io: Io) => Promise<number>>> = {
  lag: lagCommand,
  explain: explainCommand,
  backtest: backtestCommand,
};

const io: Io = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  env: process.env,
};

async function main([name = '--help', ...argv]: readonly string[]): Promise<number> {
  if (name === '--help' || name === '-h') {
    io.out(help);
    return 0;
  }
  const command = commands[name];
  if (!command) throw new UsageError(`there is no command ${name}`);
  return await command(argv, io);
}

// A reader that has seen enough, such as head, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const isUsage = error instanceof UsageError;
    const text = isUsage ? `${error.message}\nTry lagscaler --help.` : String(error);
    io.err(`${text.replace(/^/gm, 'lagscaler: ')}\n`);
    process.exitCode = isUsage ? 2 : 1;
  },
);

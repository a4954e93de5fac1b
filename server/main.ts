import './memory.ts';
import { ConfigError, readConfig } from './config.ts';
import { type RunningServer, startServer } from './server.ts';

const print = (line: string) => process.stdout.write(`${line}\n`);

try {
  const config = readConfig(process.env);
  const server = await startServer(config, { now: Date.now, print });
  print(`Holdfast is at ${config.publicUrl}`);
  if (!config.smtpUrl)
    print('  Sign in with an email address: its code is printed here, since SMTP_URL is not set.');
  stopOnSignal(server);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

/** The first signal lets requests end; a second one does not wait. */
function stopOnSignal(server: RunningServer): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      process.once(signal, () => process.exit(1));
      server.stop().then(() => process.exit(0));
    });
  }
}

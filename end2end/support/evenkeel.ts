// One console: the real binary on free ports, in a folder of its own, stopped by its process id. Nothing of it stays behind, and that is
// checked.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { evenkeelBinary } from './paths';
import { freePorts } from './ports';
import { type Process, children, flag, isAlive } from './processes';
import { until } from './until';

/// A debug build that shares two cores starts three processes and makes a database.
const STARTS_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 45_000;
/// Enough for every figure to move, little enough for two consoles and two browsers on two cores.
export const REQUESTS_PER_S = 20;

export interface Options {
  /// The text of an `evenkeel.toml`; without it, the embedded default.
  config?: string;
  env?: Record<string, string>;
}

export interface Sample extends Process {
  instance: string;
}

export interface Answer {
  code: number | null;
  output: string;
}

export class Evenkeel {
  /// Everything it has printed, both streams.
  log = '';
  private process?: ChildProcess;
  private seen: Process[] = [];

  private constructor(
    private readonly folder: string,
    private readonly options: Options,
    readonly consolePort: number,
    readonly gatewayPort: number,
  ) {}

  static async start(options: Options = {}): Promise<Evenkeel> {
    const [consolePort, gatewayPort] = (await freePorts(2)) as [number, number];
    const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-e2e-'));
    const evenkeel = new Evenkeel(folder, options, consolePort, gatewayPort);
    if (options.config !== undefined) writeFileSync(path.join(folder, 'evenkeel.toml'), options.config);
    await evenkeel.startAgain();
    return evenkeel;
  }

  get url(): string {
    return `http://127.0.0.1:${this.consolePort}`;
  }

  get gateway(): string {
    return `http://127.0.0.1:${this.gatewayPort}`;
  }

  get pid(): number {
    if (this.process?.pid === undefined) throw new Error('the console does not run');
    return this.process.pid;
  }

  /// On the same ports and the same data.
  async startAgain(): Promise<void> {
    const child = spawn(evenkeelBinary(), ['serve'], { cwd: this.folder, env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    const from = this.log.length;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
    }
    await until(
      'the console is ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`the console ended with code ${child.exitCode}:\n${this.log.slice(from)}`);
        const ready = (await fetch(`${this.url}/ready`).catch(() => undefined))?.ok;
        // The address is the last thing it prints.
        return ready && /\/setup\?token=|The console is at/.test(this.log.slice(from));
      },
      STARTS_WITHIN_MS,
    ).catch((error: Error) => {
      child.kill('SIGKILL');
      throw new Error(`${error.message}\n${this.log.slice(from)}`);
    });
    this.seen = children(this.pid);
  }

  /// The one-time link that the first start prints.
  get setupLink(): string {
    const link = /http:\/\/\S+\/setup\?token=[\w-]+/.exec(this.log)?.[0];
    if (link === undefined) throw new Error(`no one-time link was printed:\n${this.log}`);
    return link;
  }

  /// The sample processes, by instance.
  samples(): Sample[] {
    return children(this.pid)
      .flatMap((child) => {
        const instance = child.command.includes('sample') ? flag(child, '--instance') : undefined;
        return instance === undefined ? [] : [{ ...child, instance }];
      })
      .sort((a, b) => a.instance.localeCompare(b.instance));
  }

  sample(instance: string): Sample {
    const found = this.samples().find((s) => s.instance === instance);
    if (found === undefined) throw new Error(`no process of ${instance} runs`);
    return found;
  }

  /// Stops the console's clock without closing its sockets, as a hung machine would.
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /// Ends at once, whatever was under way. The kernel ends the children.
  async kill(): Promise<void> {
    this.remember();
    await this.end('SIGKILL');
    await this.noOrphans();
  }

  /// Ends in peace; what is left over of it is an error.
  async stop(): Promise<void> {
    if (this.process === undefined) return;
    this.remember();
    const code = await this.end('SIGTERM');
    await this.noOrphans();
    if (code !== 0) throw new Error(`the console ended with code ${code} on SIGTERM:\n${this.log.slice(-4000)}`);
  }

  /// Ends, and takes the folder along.
  async dispose(): Promise<void> {
    try {
      await this.stop();
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  /// Another command of the same binary on the same data: `user add …`.
  async run(args: string[], input = ''): Promise<Answer> {
    const child = spawn(evenkeelBinary(), args, { cwd: this.folder, env: this.environment(), stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stdin.end(input);
    await once(child, 'close');
    return { code: child.exitCode, output };
  }

  private environment(): Record<string, string> {
    // Nothing of the caller's settings: `DATABASE_URL` and the like count for evenkeel.
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      EVENKEEL_CONSOLE__LISTEN: `127.0.0.1:${this.consolePort}`,
      EVENKEEL_GATEWAY__LISTEN: `127.0.0.1:${this.gatewayPort}`,
      EVENKEEL_DATABASE__DATA_DIR: path.join(this.folder, 'data'),
      EVENKEEL_TRAFFIC__RATE: String(REQUESTS_PER_S),
      // Often enough that each page of a request has one to show.
      EVENKEEL_GATEWAY__RECEIPTS__SAMPLE: '0.2',
      // Busy or not, they stay three: how they scale has its own tests.
      EVENKEEL_SAMPLE__MAX: '3',
      EVENKEEL_LOG__FORMAT: 'human',
      ...this.options.env,
    };
  }

  /// Children come and go (a killed sample is started again); all of them have to be gone in the end.
  private remember(): void {
    this.seen.push(...children(this.pid));
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.process;
    if (child === undefined) return 0;
    this.process = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exited = once(child, 'exit');
    // A stopped process would not see SIGTERM.
    child.kill('SIGCONT');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
    await exited;
    clearTimeout(timer);
    return child.exitCode;
  }

  private async noOrphans(): Promise<void> {
    const left = () => this.seen.filter(isAlive);
    await until('no process of the console is left', () => left().length === 0, 10_000).catch((error: Error) => {
      const orphans = left();
      for (const orphan of orphans) process.kill(orphan.pid, 'SIGKILL');
      throw new Error(`${error.message}; left: ${orphans.map((p) => `${p.pid} ${p.command.join(' ')}`).join(', ')}`);
    });
    this.seen = [];
  }
}

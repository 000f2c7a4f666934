// A gateway that follows a console, as on another host: a process and a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { evenkeelBinary } from './paths';
import { freePorts } from './ports';

export class Gateway {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(id: string, console: string, token: string): Promise<Gateway> {
    const [port] = (await freePorts(1)) as [number];
    const folder = mkdtempSync(path.join(tmpdir(), 'evenkeel-e2e-gateway-'));
    const args = ['gateway', '--control', console, '--id', id, '--gateway-listen', `127.0.0.1:${port}`, '--data-dir', folder];
    const env = { PATH: process.env.PATH ?? '', HOME: folder, EVENKEEL_GATEWAY_TOKEN: token };
    const child = spawn(evenkeelBinary(), args, { cwd: folder, env, stdio: 'ignore' });
    return new Gateway(child, folder, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /// In peace: it says that it goes. Once is enough.
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Processes, as /proc tells about them.

import { readFileSync, readdirSync } from 'node:fs';

export interface Process {
  pid: number;
  parent: number;
  /// `S`, `R`, `T`, `Z` …, as in proc(5).
  state: string;
  command: string[];
}

/// Whatever runs now; a process that ends while we look is not in the list.
export function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        // The name in parentheses may hold spaces and parentheses itself.
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').filter(Boolean);
        return [{ pid: Number(name), parent: Number(parent), state: state ?? '?', command }];
      } catch {
        return [];
      }
    });
}

export function children(parent: number): Process[] {
  return processes().filter((p) => p.parent === parent && p.state !== 'Z');
}

/// Still the same process, and not a zombie.
export function isAlive(process: Process): boolean {
  const now = processes().find((p) => p.pid === process.pid);
  return now !== undefined && now.state !== 'Z' && now.command.join(' ') === process.command.join(' ');
}

/// The value behind a flag of a process: `--instance sample-1`, `--instance=sample-1`.
export function flag(process: Process, name: string): string | undefined {
  const at = process.command.indexOf(name);
  if (at >= 0) return process.command[at + 1];
  return process.command.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
}

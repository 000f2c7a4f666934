// A Kubernetes control plane of a test's own: the genuine API server and controllers in one program, whose machines are played. It ends
// when its standard input does.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request as https } from 'node:https';
import { homedir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until';

const STARTS_WITHIN_MS = 90_000;
const ENDS_WITHIN_MS = 30_000;

/// What `cargo xtask test` names, else what `cargo xtask setup` built last. `none: why` where it decided that there is none.
const named = process.env.E2E_TEST_CLUSTER ?? '';
const caches = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
const binary = named === '' ? path.join(caches, 'evenkeel', 'test-cluster', 'test-cluster') : named;

/// Why nothing here can run; absent where it can.
export const noCluster: string | undefined = existsSync(binary)
  ? undefined
  : `NO TEST CLUSTER, so the Kubernetes pages stay untested: ${named.startsWith('none: ') ? named.slice('none: '.length) : `${binary} is not there; \`cargo xtask setup\` builds it where Go is installed`}`;

/// What it prints when everything works.
interface Started {
  kubeconfig: string;
  server: string;
  ca: string;
  token: string;
  steering: string;
  version: string;
}

export interface Answer<T = Record<string, unknown>> {
  status: number;
  body: T;
}

type Json = Record<string, unknown>;

export class Cluster {
  private constructor(
    private readonly process: ChildProcess,
    private readonly started: Started,
    private readonly ca: Buffer,
  ) {}

  static async start(args: string[] = []): Promise<Cluster> {
    const child = spawn(binary, ['--hpa-sync', '1s', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    let first: string | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => (first ??= line));
    const line = await until(
      'the cluster is there',
      () => {
        if (child.exitCode !== null) throw new Error(`the cluster ended with code ${child.exitCode}:\n${errors}`);
        return first;
      },
      STARTS_WITHIN_MS,
    ).catch((error: Error) => {
      child.kill('SIGKILL');
      throw error;
    });
    const started = JSON.parse(line) as Started;
    return new Cluster(child, started, readFileSync(started.ca));
  }

  get kubeconfig(): string {
    return this.started.kubeconfig;
  }

  get version(): string {
    return this.started.version;
  }

  /// A call to the API server, as the administrator.
  async call<T = Json>(method: string, at: string, body?: unknown, type = 'application/json'): Promise<Answer<T>> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers: Record<string, string> = { authorization: `Bearer ${this.started.token}`, accept: 'application/json' };
      if (text !== undefined) headers['content-type'] = type;
      const call = https(`${this.started.server}${at}`, { method, ca: this.ca, headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (part: string) => (answer += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(answer) as T }));
      });
      call.on('error', reject).end(text);
    });
  }

  async create(path: string, object: Json): Promise<void> {
    const answer = await this.call('POST', path, object);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async read<T>(path: string): Promise<T> {
    const answer = await this.call<T>('GET', path);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /// As `kubectl patch --type=merge` by a colleague.
  async merge(path: string, change: Json): Promise<void> {
    const answer = await this.call('PATCH', `${path}?fieldManager=kubectl-edit`, change, 'application/merge-patch+json');
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /// Tells the played machines something.
  async steer(method: 'PUT' | 'DELETE', path: string, body: Json): Promise<void> {
    const answer = await fetch(`${this.started.steering}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (answer.status !== 204) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }

  /// With its service account, without which pods are refused.
  async namespace(name: string): Promise<void> {
    await this.create('/api/v1/namespaces', { metadata: { name } });
    await until(
      `${name} has its account`,
      async () => (await this.call('GET', `/api/v1/namespaces/${name}/serviceaccounts/default`)).status === 200,
      30_000,
    );
  }

  async dispose(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exited = once(this.process, 'exit');
    this.process.stdin?.end();
    const timer = setTimeout(() => this.process.kill('SIGKILL'), ENDS_WITHIN_MS);
    await exited;
    clearTimeout(timer);
  }
}

export interface Made {
  name: string;
  replicas: number;
  /// CPU that each pod asks for; absent: none.
  cpu?: string;
  labels?: Record<string, string>;
}

export function deployment({ name, replicas, cpu, labels = {} }: Made): Json {
  const resources = cpu === undefined ? {} : { requests: { cpu, memory: '64Mi' } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'registry.example/app:1', resources }] } },
    },
  };
}

export function hpa(name: string, min: number, max: number, labels: Record<string, string> = {}): Json {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, labels },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: min,
      maxReplicas: max,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }],
    },
  };
}

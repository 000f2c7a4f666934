// The console's live stream, read as a browser does, with the moment at which each frame was there.

/// Unix time with parts of a millisecond: a page on the same machine has the same.
export const now = (): number => performance.timeOrigin + performance.now();

export class Stream {
  private constructor(
    private readonly stop: AbortController,
    readonly ended: Promise<void>,
  ) {}

  static async open(url: string, cookie: string, hear: (data: string, atMs: number) => void): Promise<Stream> {
    const stop = new AbortController();
    const headers = { cookie, accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' };
    const answer = await fetch(url, { headers, signal: stop.signal });
    if (answer.status !== 200 || answer.body === null) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    const { body } = answer;
    const read = async () => {
      const decoder = new TextDecoder();
      let text = '';
      for await (const part of body) {
        const atMs = now();
        const blocks = (text + decoder.decode(part as Uint8Array, { stream: true })).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = block.split('\n').find((line) => line.startsWith('data: '));
          if (data !== undefined) hear(data.slice('data: '.length), atMs);
        }
      }
    };
    const ended = read().catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    });
    return new Stream(stop, ended);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.ended;
  }
}

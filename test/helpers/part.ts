/**
 * A part of a test in a process of its own, that answers what it is asked over IPC: each question has an `id`, and its
 * answer the same. It refuses to know what is asked.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Test } from 'tap';

/** A question as it is put to everybody: each process numbers its own. */
export type Asked<Question> = Question extends { readonly id: number } ? Omit<Question, 'id'> : never;

export class Part<Question extends { readonly id: number }, Answer> {
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (answer: Answer) => void>();
  #fail: (error: Error) => void = () => undefined;
  readonly #gone: Promise<never>;
  #asked = 0;

  /** Starts `node <file> <plan as JSON>`; it is gone with the test. */
  constructor(t: Pick<Test, 'teardown'>, file: string, plan: unknown) {
    this.#child = fork(file, [JSON.stringify(plan)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#gone = new Promise((_, reject) => (this.#fail = reject));
    this.#gone.catch(() => undefined);
    this.#child.on('message', ({ id, ...answer }: Answer & { id: number }) => {
      this.#open.get(id)?.(answer as Answer);
      this.#open.delete(id);
    });
    const ended = once(this.#child, 'exit').then(([code, signal]) => {
      this.#fail(new Error(`a part of the test ended (${code ?? signal})`));
    });
    t.teardown(() => {
      this.#child.kill('SIGKILL');
      return ended;
    });
  }

  ask(question: Asked<Question>): Promise<Answer> {
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<Answer>((resolve) => this.#open.set(id, resolve));
    // A process that is gone fails the question by its end.
    this.#child.send({ ...question, id }, () => undefined);
    return Promise.race([answered, this.#gone]);
  }
}

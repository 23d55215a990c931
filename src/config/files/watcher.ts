import { TributaryError } from "../../errors/tributary-error.ts";
import { ConfigErrors } from "../config-errors.ts";
import { type ConfigDiff, diffConfig, isEmptyDiff } from "../diff.ts";
import { type LoadedConfig, loadConfig, type ParseOptions } from "../load.ts";
import { startOnlySettings } from "../rules/start-only.ts";
import { fingerprint, foldersOf } from "./fingerprint.ts";
import { FolderWatches } from "./folder-watches.ts";

export interface ConfigWatcherOptions extends Omit<ParseOptions, "file"> {
  /** A good edit: take it over. The watcher compares further edits with it. */
  readonly onChange: (diff: ConfigDiff, next: LoadedConfig) => void;
  /** A bad edit, or one that needs a restart; the running configuration stays. Told when the problems are others than before. */
  readonly onRejected: (errors: ConfigErrors) => void;
  /** After `onRejected`: the files mean again what is running. */
  readonly onRecovered?: () => void;
  /** ms; files must look the same for this long before they are read. Default 100. */
  readonly settleMs?: number;
  /** ms between looks at the files, for changes the kernel does not tell. Default 5000. */
  readonly pollMs?: number;
}

/**
 * Follows a configuration file and the secret files it names: edits in place, rename-save, and the
 * symlink swap of a mounted ConfigMap or Secret. Events are hints only: a change is what changes the
 * files' fingerprints, and it is read when they hold still, so that a half-written file is not taken
 * for an edit. Does not keep the process alive.
 */
export class ConfigWatcher {
  readonly #options: ConfigWatcherOptions;
  readonly #watches = new FolderWatches(() => this.#lookSoon());
  readonly #poll: NodeJS.Timeout;
  #running: LoadedConfig;
  /** Set while what lies in the files was rejected. */
  #rejected: ConfigErrors | undefined;
  /** Fingerprints of what was read last. */
  #read: string | undefined;
  /** Fingerprints at the last look; they have to stay for one more. */
  #candidate: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Starts at once. `running` is the configuration in effect; an edit made since it was read is found. */
  constructor(running: LoadedConfig, options: ConfigWatcherOptions) {
    this.#running = running;
    this.#options = options;
    this.#watchFolders();
    this.#poll = setInterval(() => this.#lookSoon(), options.pollMs ?? 5_000).unref();
    this.#lookSoon();
  }

  /** The configuration in effect. */
  get running(): LoadedConfig {
    return this.#running;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#poll);
    clearTimeout(this.#timer);
    this.#watches.close();
  }

  /** Not put off by further events: a busy folder must not delay the look for ever. */
  #lookSoon(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, this.#options.settleMs ?? 100).unref();
  }

  #look(): void {
    this.#watchFolders();
    const now = this.#fingerprints();
    if (now === this.#read) {
      this.#candidate = undefined;
    } else if (now !== this.#candidate) {
      this.#candidate = now;
      this.#lookSoon();
    } else {
      this.#reload(now);
    }
  }

  #reload(before: string): void {
    const next = this.#load();
    const wasRejected = this.#rejected;
    this.#rejected = next instanceof ConfigErrors ? next : undefined;
    const diff = next instanceof ConfigErrors ? undefined : diffConfig(this.#running.config, next.config);
    if (!(next instanceof ConfigErrors)) this.#running = next;
    // Written during the read, or the text names other secret files than before: once more, to be sure of what was read.
    this.#watchFolders();
    this.#read = this.#fingerprints();
    this.#candidate = undefined;
    if (this.#read !== before) {
      this.#candidate = this.#read;
      this.#read = undefined;
      this.#lookSoon();
    }
    if (this.#rejected !== undefined) {
      if (this.#rejected.message !== wasRejected?.message) this.#options.onRejected(this.#rejected);
    } else if (diff !== undefined && !isEmptyDiff(diff)) this.#options.onChange(diff, this.#running);
    else if (wasRejected !== undefined) this.#options.onRecovered?.();
  }

  #load(): LoadedConfig | ConfigErrors {
    const { file } = this.#running;
    try {
      const next = loadConfig(file, this.#options);
      const { needsRestart } = diffConfig(this.#running.config, next.config);
      if (needsRestart.length === 0) return next;
      const errors = needsRestart.map((name) => {
        const position = next.positionOf(name.split("."));
        return new TributaryError("CONFIG_NEEDS_RESTART", `${name} is read only at start; nothing of this edit is applied`, {
          position,
          hint: startOnlySettings.find((setting) => setting.name === name)?.hint,
        });
      });
      return new ConfigErrors(errors, next.files);
    } catch (error) {
      if (error instanceof ConfigErrors) return error;
      return new ConfigErrors([new TributaryError("CONFIG_INVALID", (error as Error).message, { position: { file }, cause: error })]);
    }
  }

  /** Of a rejected edit too: it may only lack a secret file that is about to come. */
  #files(): Set<string> {
    return new Set([this.#running.file, ...this.#running.files, ...(this.#rejected?.files ?? [])]);
  }

  #fingerprints(): string {
    return [...this.#files()]
      .sort()
      .map((file) => `${file} ${fingerprint(file)}`)
      .join("\n");
  }

  #watchFolders(): void {
    this.#watches.set(new Set([...this.#files()].flatMap(foldersOf)));
  }
}

/** What the agent tells a light host over the IPC channel. */
export type ToHost =
  | {
      readonly type: 'start';
      readonly id: string;
      readonly module: string;
      readonly env: Readonly<Record<string, string>>;
      readonly logFile: string;
    }
  | { readonly type: 'stop'; readonly id: string }
  | { readonly type: 'drop'; readonly id: string };

/** What a light host answers. */
export type FromHost =
  | { readonly type: 'started'; readonly id: string }
  | {
      readonly type: 'exited';
      readonly id: string;
      readonly exitCode: number;
      readonly message?: string;
    };

/** An event in the Chrome trace format; times in microseconds since the start of the trace. */
export interface TraceEvent {
  readonly name: string;
  readonly cat: 'run' | 'wait' | 'life' | '__metadata';
  /** `X`: a slice, `i`: an instant, `M`: the name of a row. */
  readonly ph: 'X' | 'i' | 'M';
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  /** The greenlet's `ident`. */
  readonly tid: number;
  readonly s?: 't';
  readonly args?: Readonly<Record<string, string>>;
}

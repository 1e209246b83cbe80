declare module "promise-polyfill" {
  const Settling: PromiseConstructor & {
    _immediateFn: (job: () => void) => void;
    _unhandledRejectionFn: (reason: unknown) => void;
  };
  export default Settling;
}

/** There are no timers in a call: whoever starts one hears so, instead of waiting for what never comes. */

const refuse = (name: string) => (): never => {
  throw new Error(`${name}: an extension has no timers; a call ends when its handler has answered`);
};

Object.assign(globalThis, { setTimeout: refuse("setTimeout"), setInterval: refuse("setInterval") });

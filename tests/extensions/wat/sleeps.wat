;; Asks the host for an hour of sleep.
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (drop (call $sleep (i64.const 3600000000000))) (unreachable))

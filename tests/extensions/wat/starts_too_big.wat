;; Wants a second memory that is larger than any guest's.
(memory 16384)
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (unreachable))

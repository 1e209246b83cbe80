;; Never gets as far as its handler.
(func $spin (loop $again (br $again)))
(start $spin)
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (unreachable))

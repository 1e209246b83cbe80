;; Answers with a body that lies outside its memory.
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store16 (i32.const 0) (i32.const 200))
  (i32.store (i32.const 12) (i32.const 0x7fffff00)) (i32.store (i32.const 16) (i32.const 4096))
  (i32.const 0))

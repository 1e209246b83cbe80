;; Answers 200 "ok".
(data (i32.const 64) "ok")
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store16 (i32.const 0) (i32.const 200))
  (i32.store (i32.const 4) (i32.const 0)) (i32.store (i32.const 8) (i32.const 0))
  (i32.store (i32.const 12) (i32.const 64)) (i32.store (i32.const 16) (i32.const 2))
  (i32.const 0))
(func (export "take") (param i32 i32))

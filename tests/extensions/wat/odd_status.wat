(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store16 (i32.const 0) (i32.const 99))
  (i32.const 0))

;; Answers "y" if the monotonic clock is past 2020 and a random number is not zero.
(data (i32.const 64) "y")
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store16 (i32.const 0) (i32.const 200))
  (i32.store (i32.const 12) (i32.const 64))
  (i32.store (i32.const 16) (i32.and
    (i64.gt_u (call $now) (i64.const 1577836800000000000))
    (i64.ne (call $random) (i64.const 0))))
  (i32.const 0))

;; Wants a table that nobody may have.
(table $table 10000000 funcref)
(func (export "handler") (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (unreachable))

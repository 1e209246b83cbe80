;; A component with the world's handler around one core module. The tests put imports, core and with in place.
(component
  (type $shapes (instance
    (type $pair-shape (record (field "name" string) (field "value" string)))
    (export "pair" (type $pair (eq $pair-shape)))
    (type $pairs (list $pair))
    (type $request-shape (record
      (field "method" string) (field "path" string)
      (field "params" $pairs) (field "query" $pairs) (field "headers" $pairs)
      (field "body" string)))
    (export "request" (type (eq $request-shape)))
    (type $response-shape (record (field "status" u16) (field "headers" $pairs) (field "body" string)))
    (export "response" (type (eq $response-shape)))))
  (import "deskhand:extension/types@1.0.0" (instance $types (type $shapes)))
  (alias export $types "request" (type $request))
  (alias export $types "response" (type $response))
  @imports@
  (core module $guest
    @core-imports@
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    @core@)
  (core instance $instance (instantiate $guest @with@))
  @exports@
  (func $handler (param "request" $request) (result $response)
    (canon lift (core func $instance "handler") (memory (core memory $instance "memory"))
      (realloc (core func $instance "realloc"))))
  (export "handler" (func $handler)))

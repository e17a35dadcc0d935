// Made by docs/contract/page.py from docs/openapi.yaml. Change that.
// swift-format-ignore-file

extension ContractFiles {
  static let openapi_yaml: StaticString = ####"""
openapi: 3.1.0
info:
  title: stock
  version: 1.0.0
  summary: A stock engine for shops
  license: {name: Apache 2.0, identifier: Apache-2.0}
  description: |
    Stock of products at locations: set, adjust, reserve, release, fulfil; reservations of whole carts; a ledger of every change.

    **Bodies** are strict JSON in UTF-8, up to 1 MiB (a batch 8 MiB). A misspelt or unknown field, a duplicate key, a float, a number in a string, a value of another type is a 400 that names the field. Integers go up to 2^53 − 1; one outside is a 400, never rounded. Lengths of texts count bytes of UTF-8, and texts have no control characters.

    **Times** are RFC 3339 in UTC. **Locations** are trimmed and upper-cased.

    **A 2xx** is sent when the change is in Redis, not before. A refused request changes nothing. `X-Stock-Shard` and `X-Stock-Sequence` name the commit that an answer to a change rests on: with them anyone can replay a history in the order it happened.

    **Errors** are RFC 9457 problems with a `code` from a closed list, and the numbers a client needs. A 503 comes with `Retry-After`: `overloaded` and `store_unavailable` mean that nothing has changed, `outcome_unknown` that it may have: ask again with the same `Idempotency-Key`.

    **Keys** have a role and, but for admin, one store. What belongs to another store is a 404, as if it did not exist.

    **Retries**: send an `Idempotency-Key` with every change. The same key with the same body (the same bytes: sort the fields where your library does not keep their order) gets the first answer again, byte for byte, also after a crash, for 24 hours. The same key for another request is a 422. While the first is still under way it is a 409 with `Retry-After`.
servers:
  - url: /
    description: The engine that serves this document
tags:
  - {name: Stock, description: 'Counters of products at locations.'}
  - {name: Reservations, description: 'What a checkout uses: a cart held for an order until it is paid, given back, or the time is over.'}
  - {name: Ledger, description: 'Every change of a counter: who, when, why.'}
  - {name: Overview, description: 'Stock of all stores, for the people who run them.'}
  - {name: Catalogue, description: Stores and products.}
  - {name: Keys, description: Who may do what.}
  - {name: Operations, description: For those who run the engine.}
  - {name: Page, description: 'The web page, and what only it uses.'}

paths:
  /api/v1/store/inventory/set:
    post:
      operationId: setStock
      tags: [Stock]
      summary: Set the exact quantity at a location
      description: >-
        Makes the entry where there is none, and the product too, as a physical one of the caller's store.
        With `expected_quantity` or `expected_version` it is a compare-and-set. A set to the same value changes nothing and makes no movement.
      security: [{admin: []}, {store: []}]
      x-problem-codes: [product_not_found, below_reserved, version_conflict, too_many_locations]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/SetStock'}
            example: {product_id: 123, location: WAREHOUSE_A, quantity: 100}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/adjust:
    post:
      operationId: adjustStock
      tags: [Stock]
      summary: Add or remove units
      description: A positive adjust makes the entry where there is none. A negative one may not take what is reserved.
      security: [{admin: []}, {store: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_stock, version_conflict, too_many_locations]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/AdjustStock'}
            example: {product_id: 123, location: WAREHOUSE_A, quantity: -10, reason: damaged}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/reserve:
    post:
      operationId: reserveStock
      tags: [Stock]
      summary: Promise units
      description: >-
        `reserved_quantity` += `quantity`. What is reserved so has no id and no expiry: it stays until released or fulfilled; a checkout uses reservations.
        Without `location` the engine allocates, by `strategy` or the store's own, and the answer lists what each entry gave. Unlimited products always succeed.
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_stock, purchase_limit]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ReserveStock'}
            example: {product_id: 123, location: WAREHOUSE_A, quantity: 5}
      responses:
        '200':
          description: The entry as it now is; without `location`, the lines that were allocated.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ReserveResult'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/release:
    post:
      operationId: releaseStock
      tags: [Stock]
      summary: Give reserved units back
      description: "`reserved_quantity` −= `quantity`. Units that a reservation with an id holds are not touched. `location` is needed for physical products."
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/TakeReserved'}
            example: {product_id: 123, location: WAREHOUSE_A, quantity: 2}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/fulfill:
    post:
      operationId: fulfillStock
      tags: [Stock]
      summary: Ship reserved units
      description: "`quantity` and `reserved_quantity` −= `quantity`. Units that a reservation with an id holds are not touched. `location` is needed for physical products."
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/TakeReserved'}
            example: {product_id: 123, location: WAREHOUSE_A, quantity: 3}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/transfer:
    post:
      operationId: transferStock
      tags: [Stock]
      summary: Move units from one location to another
      description: Both sides or neither; one movement each. Reserved units stay where they are.
      security: [{admin: []}, {store: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_stock, too_many_locations]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/TransferStock'}
            example: {product_id: 123, from: WAREHOUSE_A, to: SHOP_1, quantity: 4}
      responses:
        '200':
          description: Both entries as they now are.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/TransferResult'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/batch:
    post:
      operationId: batchStock
      tags: [Stock]
      summary: Up to 10,000 operations in one request
      description: >-
        Each operation is judged on its own, in order, and answered in the same order: an operation's mistake stands on its line, and the others go on.
        With `"atomic": true` (only reserves with a location) all are done or none; then a refusal is a 409 with the same `results`.
        The body may have 8 MiB. Each operation needs the role that its own call needs.
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [batch_refused, product_not_found]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/BatchStock'}
            example: {operations: [{op: reserve, product_id: 123, location: WAREHOUSE_A, quantity: 1}, {op: release, product_id: 123, location: WAREHOUSE_A, quantity: 1}]}
      responses:
        '200':
          description: A result for each operation. The header names a commit only if all rest on the same.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/BatchResults'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/product/{id}:
    get:
      operationId: readStockOfProduct
      tags: [Stock]
      summary: A product over all its locations
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: [product_not_found]
      parameters:
        - $ref: '#/components/parameters/ProductId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The product's sums and entries.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ProductStock'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory:
    get:
      operationId: listStock
      tags: [Stock]
      summary: List entries
      description: >-
        Answered from what is committed. A cursor stays right while stock changes: an entry that was there all the time is shown once.
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/LowStock'
        - $ref: '#/components/parameters/Search'
        - $ref: '#/components/parameters/Sort'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of entries.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/EntryList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/{id}:
    get:
      operationId: readEntry
      tags: [Stock]
      summary: One entry
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: [entry_not_found]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The entry; its version is in `ETag`.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            ETag: {$ref: '#/components/headers/ETag'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    put:
      operationId: putEntry
      tags: [Stock]
      summary: Change an entry
      description: Each field may be left out. With `If-Match` only if the entry still has that version.
      security: [{admin: []}, {store: []}]
      x-problem-codes: [entry_not_found, below_reserved, version_conflict, location_taken, entry_in_use, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/IfMatch'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PutEntry'}
            example: {quantity: 120}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
            ETag: {$ref: '#/components/headers/ETag'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    delete:
      operationId: deleteEntry
      tags: [Stock]
      summary: Delete an entry
      description: Its units go with it. Refused while units are reserved.
      security: [{admin: []}, {store: []}]
      x-problem-codes: [entry_not_found, entry_in_use, version_conflict]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/IfMatch'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '204':
          description: It is gone.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/movements:
    get:
      operationId: listMovements
      tags: [Ledger]
      summary: List movements, newest first
      description: Every change of a counter is a movement, committed together with the change.
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/KindFilter'
        - $ref: '#/components/parameters/ReferenceFilter'
        - $ref: '#/components/parameters/Since'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of movements. How many there are in all is not counted.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/MovementList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/inventory/events:
    get:
      operationId: readEvents
      tags: [Ledger]
      summary: Movements as they happen (Server-Sent Events)
      description: >-
        A response without end. Events are `movement` (data: a Movement) and, at the edge only, `low_stock`, `out_of_stock`, `back_in_stock` (data: an Edge).
        Each has an `id`; sent back as `Last-Event-ID`, the stream goes on behind it. A comment line comes every 15 s.
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/KindFilter'
        - $ref: '#/components/parameters/LastEventId'
        - $ref: '#/components/parameters/LastEventIdHeader'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200': {$ref: '#/components/responses/Events'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/reservations:
    post:
      operationId: holdCart
      tags: [Reservations]
      summary: Hold a cart for an order
      description: >-
        All lines or none, whatever shards they are on. Lines of the same product and location are summed first; a line without `location` is allocated.
        The same `order_id` while held: with the same lines the same reservation again (200), with others it is replaced in one step, and its own units count as available.
        A refusal lists every line that could not be had. The reservation expires exactly at `expires_at`.
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_stock, purchase_limit, reservation_exists, reservation_closed]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/HoldCart'}
            example: {order_id: '1001', lines: [{product_id: 123, quantity: 2}], ttl_seconds: 900}
      responses:
        '200':
          description: The order's reservation, which was there already.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '201':
          description: Held.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
            Location: {$ref: '#/components/headers/Location'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    get:
      operationId: listReservations
      tags: [Reservations]
      summary: List reservations, newest first
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/OrderFilter'
        - $ref: '#/components/parameters/StatusFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of reservations.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ReservationList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/reservations/{reservation}:
    get:
      operationId: readReservation
      tags: [Reservations]
      summary: One reservation
      description: One that has ended is remembered for 24 hours (setting).
      security: [{admin: []}, {store: []}, {checkout: []}, {read: []}]
      x-problem-codes: [reservation_not_found]
      parameters:
        - $ref: '#/components/parameters/ReservationId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The reservation.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/reservations/{reservation}/extend:
    post:
      operationId: extendReservation
      tags: [Reservations]
      summary: Give a reservation more time
      description: "`ttl_seconds` counts from now."
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [reservation_not_found, reservation_closed]
      parameters:
        - $ref: '#/components/parameters/ReservationId'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ExtendReservation'}
            example: {ttl_seconds: 900}
      responses:
        '200':
          description: The reservation as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/reservations/{reservation}/fulfill:
    post:
      operationId: fulfillReservation
      tags: [Reservations]
      summary: Ship what is held
      description: All of it without a body; else some lines, and the rest stays held. Once it is fulfilled, asking again gets the same answer.
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [reservation_not_found, reservation_closed, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/ReservationId'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ReservationLines'}
            example: {lines: [{product_id: 123, location: WAREHOUSE_A, quantity: 1}]}
      responses:
        '200':
          description: The reservation as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/store/reservations/{reservation}/release:
    post:
      operationId: releaseReservation
      tags: [Reservations]
      summary: Give back what is held
      description: All of it without a body; else some lines, and the rest stays held. Once it is released, asking again gets the same answer.
      security: [{admin: []}, {store: []}, {checkout: []}]
      x-problem-codes: [reservation_not_found, reservation_closed, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/ReservationId'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/ReservationLines'}
            example: {lines: [{product_id: 123, location: WAREHOUSE_A, quantity: 1}]}
      responses:
        '200':
          description: The reservation as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Reservation'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory:
    get:
      operationId: listAllStock
      tags: [Overview]
      summary: List entries of all stores
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/LowStock'
        - $ref: '#/components/parameters/Search'
        - $ref: '#/components/parameters/Sort'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of entries, with the names of store and product.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ListedEntryList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/stats:
    get:
      operationId: readStats
      tags: [Overview]
      summary: The figures over all
      description: Kept as running sums, not counted at each call.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The figures.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Stats'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/low-stock:
    get:
      operationId: listLowStock
      tags: [Overview]
      summary: Entries with little available, lowest first
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/Threshold'
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: Entries of physical products with at most `threshold` available.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LowStockList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/stores:
    get:
      operationId: listStockedStores
      tags: [Overview]
      summary: Stores that have stock, with their sums
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of stores.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/StockedStoreList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/locations:
    get:
      operationId: listLocations
      tags: [Overview]
      summary: Locations that have entries
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of locations.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/LocationList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/stores/{id}:
    get:
      operationId: listStockOfStore
      tags: [Overview]
      summary: List entries of one store
      security: [{admin: []}]
      x-problem-codes: [store_not_found]
      parameters:
        - $ref: '#/components/parameters/StoreId'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/LowStock'
        - $ref: '#/components/parameters/Search'
        - $ref: '#/components/parameters/Sort'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of entries.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ListedEntryList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/products/{id}:
    get:
      operationId: readAnyStockOfProduct
      tags: [Overview]
      summary: A product of any store over all its locations
      security: [{admin: []}]
      x-problem-codes: [product_not_found]
      parameters:
        - $ref: '#/components/parameters/ProductId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The product's sums and entries.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ProductStock'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/set:
    post:
      operationId: setStockOfStore
      tags: [Overview]
      summary: Set a quantity on behalf of a store
      description: As `setStock`, for the store that the body names. Another store's product is a 404.
      security: [{admin: []}]
      x-problem-codes: [product_not_found, below_reserved, version_conflict, too_many_locations]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/AdminSetStock'}
            example: {store_id: 1, product_id: 123, location: WAREHOUSE_A, quantity: 100}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/adjust:
    post:
      operationId: adjustStockOfStore
      tags: [Overview]
      summary: Add or remove units on behalf of a store
      description: As `adjustStock`, for the store that the body names. Another store's product is a 404.
      security: [{admin: []}]
      x-problem-codes: [product_not_found, entry_not_found, insufficient_stock, version_conflict, too_many_locations]
      parameters:
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/AdminAdjustStock'}
            example: {store_id: 1, product_id: 123, location: WAREHOUSE_A, quantity: 25, reason: Restocking from supplier}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/{id}:
    get:
      operationId: readAnyEntry
      tags: [Overview]
      summary: One entry of any store
      security: [{admin: []}]
      x-problem-codes: [entry_not_found]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The entry; its version is in `ETag`.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            ETag: {$ref: '#/components/headers/ETag'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    put:
      operationId: putAnyEntry
      tags: [Overview]
      summary: Change an entry of any store
      security: [{admin: []}]
      x-problem-codes: [entry_not_found, below_reserved, version_conflict, location_taken, entry_in_use, insufficient_reserved]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/IfMatch'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PutEntry'}
            example: {quantity: 120}
      responses:
        '200':
          description: The entry as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
            ETag: {$ref: '#/components/headers/ETag'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Entry'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    delete:
      operationId: deleteAnyEntry
      tags: [Overview]
      summary: Delete an entry of any store
      security: [{admin: []}]
      x-problem-codes: [entry_not_found, entry_in_use, version_conflict]
      parameters:
        - $ref: '#/components/parameters/EntryId'
        - $ref: '#/components/parameters/IfMatch'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '204':
          description: It is gone.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/movements:
    get:
      operationId: listAllMovements
      tags: [Overview]
      summary: List movements of all stores, newest first
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/KindFilter'
        - $ref: '#/components/parameters/ReferenceFilter'
        - $ref: '#/components/parameters/Since'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of movements.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/MovementList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/events:
    get:
      operationId: readAllEvents
      tags: [Overview]
      summary: Movements of all stores as they happen
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ProductFilter'
        - $ref: '#/components/parameters/LocationFilter'
        - $ref: '#/components/parameters/KindFilter'
        - $ref: '#/components/parameters/LastEventId'
        - $ref: '#/components/parameters/LastEventIdHeader'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200': {$ref: '#/components/responses/Events'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/products:
    get:
      operationId: listProducts
      tags: [Catalogue]
      summary: List products
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/Search'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of products.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ProductList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/products/{id}:
    get:
      operationId: readProduct
      tags: [Catalogue]
      summary: One product
      security: [{admin: []}]
      x-problem-codes: [product_not_found]
      parameters:
        - $ref: '#/components/parameters/ProductId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The product.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Product'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    put:
      operationId: putProduct
      tags: [Catalogue]
      summary: Make or replace a product
      description: >-
        The body is the whole record: what is left out is cleared. The store has to exist. Neither the store nor whether it is unlimited can be changed while units are reserved.
      security: [{admin: []}]
      x-problem-codes: [entry_in_use]
      parameters:
        - $ref: '#/components/parameters/ProductId'
        - $ref: '#/components/parameters/IdempotencyKey'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PutProduct'}
            example: {store_id: 1, title: Headphones, sku: HP-1, low_stock_threshold: 10}
      responses:
        '200':
          description: The product as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Product'}
        '201':
          description: The product, which is new.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
            X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
            Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Product'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '409': {$ref: '#/components/responses/Conflict'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '422': {$ref: '#/components/responses/IdempotencyMismatch'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/stores:
    get:
      operationId: listStores
      tags: [Catalogue]
      summary: List stores
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/Search'
        - $ref: '#/components/parameters/Limit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of stores.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/StoreList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/stores/{id}:
    get:
      operationId: readStore
      tags: [Catalogue]
      summary: One store
      security: [{admin: []}]
      x-problem-codes: [store_not_found]
      parameters:
        - $ref: '#/components/parameters/StoreId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The store.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Store'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    put:
      operationId: putStore
      tags: [Catalogue]
      summary: Make or replace a store
      description: The body is the whole record. The same body again changes nothing, so no idempotency key is kept.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreId'
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/PutStore'}
            example: {name: TechStore, location_priority: [WAREHOUSE_A, SHOP_1], allocation_strategy: priority}
      responses:
        '200':
          description: The store as it now is.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Store'}
        '201':
          description: The store, which is new.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Store'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/keys:
    get:
      operationId: listKeys
      tags: [Keys]
      summary: List keys
      description: Never the keys themselves, of which only a SHA-256 is kept.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: All keys that are not revoked.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/KeyList'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    post:
      operationId: createKey
      tags: [Keys]
      summary: Make a key
      description: >-
        The answer shows `key` this once. No idempotency key is kept: the record would have to keep the secret.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/CreateKey'}
            example: {role: checkout, store_id: 1, name: web checkout}
      responses:
        '201':
          description: The key.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/NewKey'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/keys/{id}:
    delete:
      operationId: revokeKey
      tags: [Keys]
      summary: Revoke a key
      description: It stops working within a second.
      security: [{admin: []}]
      x-problem-codes: [key_not_found]
      parameters:
        - $ref: '#/components/parameters/KeyId'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '204':
          description: It is revoked.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/verify:
    post:
      operationId: verify
      tags: [Operations]
      summary: Hold memory against Redis
      description: >-
        Shard by shard, then the manifest, stores and keys; a difference is a defect. Reserves go on meanwhile.
        With `repair` what differs is written to Redis from memory, and shards that stopped because Redis lost what it had confirmed (FLUSHALL, an older file) go on. First answers to idempotency keys and movements are written back from the last ten seconds only: memory has no more of them.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      requestBody:
        required: false
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Verify'}
            example: {}
      responses:
        '200':
          description: What differs.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/VerifyReport'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/export:
    get:
      operationId: exportStock
      tags: [Operations]
      summary: All products and entries
      description: >-
        Each shard as it was at one moment, page by page. A page may have fewer items than `limit`, even none: go on until `next_cursor` is null, without long pauses.
        `stock export` makes a CSV file of it that `stock import` takes back.
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/StoreFilter'
        - $ref: '#/components/parameters/ExportLimit'
        - $ref: '#/components/parameters/Cursor'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: A page of a shard.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/ExportPage'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /healthz:
    get:
      operationId: readHealth
      tags: [Operations]
      summary: Whether the process answers
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: It does.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Health'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /readyz:
    get:
      operationId: readReadiness
      tags: [Operations]
      summary: Whether every shard takes changes
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: Every shard serves.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Readiness'}
        '503':
          description: Some shard does not; the body says which. Or the engine is overloaded.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            Retry-After: {$ref: '#/components/headers/Retry-After'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Readiness'}
            application/problem+json:
              schema: {$ref: '#/components/schemas/Problem'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
  /metrics:
    get:
      operationId: readMetrics
      tags: [Operations]
      summary: Figures for Prometheus
      description: Whether a key is needed, and of which role, a setting says (docs/operations.md).
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: Text in the exposition format of Prometheus.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            text/plain:
              schema: {type: string}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '404': {$ref: '#/components/responses/NotFound'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /api/v1/admin/inventory/live:
    get:
      operationId: readLive
      tags: [Page]
      summary: What has changed, second by second (Server-Sent Events)
      description: >-
        For the web page. An event `second` comes each second, however much is sold: `now`, `movements` (their number), `seconds` (`[second, reserves asked for, refused]`),
        `changes` (the last state of up to 500 entries), `is_cut` (there were more).
      security: [{admin: []}]
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200': {$ref: '#/components/responses/Events'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /admin/inventory:
    get:
      operationId: readPage
      tags: [Page]
      summary: The web page for people
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200': {$ref: '#/components/responses/Html'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /admin/session:
    get:
      operationId: readSession
      tags: [Page]
      summary: Who is signed in
      description: Asked by the page with its cookie.
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The session, or that there is none.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Session'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    post:
      operationId: signIn
      tags: [Page]
      summary: Sign in to the web page with an admin key
      description: >-
        The session comes as a cookie, HttpOnly and SameSite=Strict, and stands for the key in every call of the API. Calls that change something need `X-CSRF-Token` as well, with the answer's `csrf_token`.
        After many wrong keys from one address it answers 429 for a while.
      security: [{admin: []}]
      x-problem-codes: [rate_limited]
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: Signed in.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            Set-Cookie: {$ref: '#/components/headers/Set-Cookie'}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Session'}
        '429': {$ref: '#/components/responses/RateLimited'}
        '400': {$ref: '#/components/responses/Invalid'}
        '401': {$ref: '#/components/responses/Unauthorized'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '415': {$ref: '#/components/responses/UnsupportedMediaType'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
    delete:
      operationId: signOut
      tags: [Page]
      summary: Sign out of the web page
      security: []
      x-problem-codes: [forbidden]
      parameters:
        - $ref: '#/components/parameters/CsrfToken'
        - $ref: '#/components/parameters/RequestId'
      responses:
        '204':
          description: There is no session (any more).
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
            Set-Cookie: {$ref: '#/components/headers/Set-Cookie'}
        '403': {$ref: '#/components/responses/Forbidden'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /openapi.yaml:
    get:
      operationId: readContract
      tags: [Operations]
      summary: This document
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200':
          description: The document.
          headers:
            X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
          content:
            application/yaml:
              schema: {type: object}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}
  /docs:
    get:
      operationId: readDocs
      tags: [Operations]
      summary: This document as a page
      security: []
      x-problem-codes: []
      parameters:
        - $ref: '#/components/parameters/RequestId'
      responses:
        '200': {$ref: '#/components/responses/Html'}
        '400': {$ref: '#/components/responses/Invalid'}
        '405': {$ref: '#/components/responses/MethodNotAllowed'}
        '408': {$ref: '#/components/responses/RequestTimeout'}
        '413': {$ref: '#/components/responses/PayloadTooLarge'}
        '431': {$ref: '#/components/responses/HeadersTooLarge'}
        '503': {$ref: '#/components/responses/Unavailable'}

components:
  securitySchemes:
    admin: {type: http, scheme: bearer, description: 'A key of role `admin`: everything, in all stores.'}
    store: {type: http, scheme: bearer, description: 'A key of role `store`: all of its store.'}
    checkout: {type: http, scheme: bearer, description: 'A key of role `checkout`: reads, reserves, releases, fulfils and reservations of its store.'}
    read: {type: http, scheme: bearer, description: 'A key of role `read`: reads of its store.'}

  headers:
    X-Request-Id:
      description: The client's own, or a new one.
      schema: {type: string, minLength: 1, maxLength: 128}
    X-Stock-Shard:
      description: The shard whose commit the answer rests on.
      schema: {type: integer, minimum: 0, maximum: 4095}
    X-Stock-Sequence:
      description: The number of that commit in its shard.
      schema: {type: integer, minimum: 0}
    Idempotency-Replayed:
      description: '`true`: this is the first answer to the idempotency key, given again.'
      schema: {type: string, const: 'true'}
    ETag:
      description: The entry's version in quotes, for `If-Match`.
      schema: {type: string, pattern: '^"[0-9]+"$'}
    Location:
      description: Where the new reservation is.
      schema: {type: string}
    Set-Cookie:
      description: The session's cookie, or its end.
      schema: {type: string}
    Retry-After:
      description: Seconds.
      schema: {type: integer, minimum: 1}
    WWW-Authenticate:
      schema: {type: string, const: Bearer}
    Allow:
      description: The methods that the path has.
      schema: {type: string}

  parameters:
    RequestId:
      name: X-Request-Id
      in: header
      description: 1 to 128 visible ASCII characters, which the answer repeats. Anything else is replaced by a new one.
      schema: {type: string}
    IdempotencyKey:
      name: Idempotency-Key
      in: header
      description: A new one for each change, and the same one when it is asked again. 1 to 255 visible ASCII characters.
      schema: {type: string, pattern: '^[!-~]{1,255}$'}
      example: order-1001
    IfMatch:
      name: If-Match
      in: header
      description: Only if the entry has this version (as in `ETag`), else 409 `version_conflict`. `*` is any.
      schema: {type: string, pattern: '^(\*|"(0|[1-9][0-9]{0,14})")$'}
    LastEventIdHeader:
      name: Last-Event-ID
      in: header
      description: The last event that the client has had. Browsers send it when they reconnect.
      schema: {type: string}
    LastEventId:
      name: last_event_id
      in: query
      description: As `Last-Event-ID`, for clients that cannot set a header.
      schema: {type: string}
    CsrfToken: {name: X-CSRF-Token, in: header, description: 'The `csrf_token` of the session.', schema: {type: string}}
    ProductId: {name: id, in: path, required: true, description: The product's id., schema: {$ref: '#/components/schemas/Id'}, example: 123}
    EntryId: {name: id, in: path, required: true, description: The entry's id., schema: {$ref: '#/components/schemas/Id'}, example: 2}
    StoreId: {name: id, in: path, required: true, description: The store's id., schema: {$ref: '#/components/schemas/Id'}, example: 1}
    KeyId: {name: id, in: path, required: true, description: The key's id., schema: {$ref: '#/components/schemas/Id'}, example: 7}
    ReservationId: {name: reservation, in: path, required: true, description: The reservation's id., schema: {$ref: '#/components/schemas/ReservationId'}, example: r0-5b0c6f1d8a3e4f7790c2d1e0a4b3f6c8}
    StoreFilter: {name: store_id, in: query, description: Of this store only., schema: {$ref: '#/components/schemas/Id'}}
    ProductFilter: {name: product_id, in: query, description: Of this product only., schema: {$ref: '#/components/schemas/Id'}}
    LocationFilter: {name: location, in: query, description: At this location only., schema: {$ref: '#/components/schemas/Location'}}
    LowStock: {name: low_stock, in: query, description: Entries of physical products with at most so many available., schema: {$ref: '#/components/schemas/Quantity'}}
    Threshold: {name: threshold, in: query, description: At most so many available., schema: {type: integer, minimum: 0, maximum: 9007199254740991, default: 10}}
    Search: {name: search, in: query, description: 'Part of a title, SKU or GTIN, in any case (of a store: of its name).', schema: {type: string, minLength: 1, maxLength: 1024}}
    Sort:
      name: sort
      in: query
      description: The order; with `-` in front, descending.
      schema:
        type: string
        default: id
        enum: [id, product_id, quantity, available_quantity, updated_at, -id, -product_id, -quantity, -available_quantity, -updated_at]
    Limit: {name: limit, in: query, description: Items a page., schema: {type: integer, minimum: 1, maximum: 500, default: 50}}
    ExportLimit: {name: limit, in: query, description: Rows that are looked at for a page., schema: {type: integer, minimum: 1, maximum: 10000, default: 5000}}
    Cursor: {name: cursor, in: query, description: 'The `next_cursor` of the page before, with the same filters and order.', schema: {type: string}}
    KindFilter: {name: kind, in: query, description: Movements of this kind only., schema: {$ref: '#/components/schemas/MovementKind'}}
    ReferenceFilter: {name: reference, in: query, description: Movements with this reference only., schema: {type: string, minLength: 1, maxLength: 255}}
    Since: {name: since, in: query, description: Movements from this time on., schema: {type: string, format: date-time}}
    OrderFilter: {name: order_id, in: query, description: Of this order only., schema: {type: string, minLength: 1, maxLength: 128}}
    StatusFilter: {name: status, in: query, description: With this status only., schema: {$ref: '#/components/schemas/ReservationStatus'}}

  schemas:
    Id:
      type: integer
      minimum: 1
      maximum: 9007199254740991
    Quantity:
      type: integer
      minimum: 0
      maximum: 9007199254740991
    Count:
      type: integer
      minimum: 0
    Shard:
      description: A part of the stock that is committed together.
      type: integer
      minimum: 0
      maximum: 4095
    Sequence:
      description: The number of a commit in its shard.
      type: integer
      minimum: 0
    Amount:
      type: integer
      minimum: 1
      maximum: 9007199254740991
    Signed:
      type: integer
      minimum: -9007199254740991
      maximum: 9007199254740991
    Location:
      description: Trimmed and upper-cased; then 1 to 64 letters, digits, `_`, `-`, `.`, `/`, and spaces inside.
      type: string
      pattern: '^[ \t\r\n]*[A-Za-z0-9_./-]([A-Za-z0-9_./ -]{0,62}[A-Za-z0-9_./-])?[ \t\r\n]*$'
      examples: [WAREHOUSE_A]
    LocationName:
      description: A location as it is kept.
      type: string
      pattern: '^[A-Z0-9_./-]([A-Z0-9_./ -]{0,62}[A-Z0-9_./-])?$'
    OptionalLocationName:
      description: null where an unlimited product has no entry.
      type: [string, 'null']
      pattern: '^[A-Z0-9_./-]([A-Z0-9_./ -]{0,62}[A-Z0-9_./-])?$'
    GTIN:
      description: 8, 12, 13 or 14 digits. The check digit is not verified.
      type: string
      pattern: '^([0-9]{8}|[0-9]{12,14})$'
      examples: ['4006381333931']
    OptionalGTIN:
      type: [string, 'null']
      pattern: '^([0-9]{8}|[0-9]{12,14})$'
    Note:
      description: At most 255 bytes.
      type: string
      maxLength: 255
      pattern: '^[^\u0000-\u001f\u007f]*$'
    Reference:
      description: At most 128 bytes.
      type: string
      minLength: 1
      maxLength: 128
      pattern: '^[^\u0000-\u001f\u007f]*$'
    Name:
      description: 1 to 255 bytes.
      type: string
      minLength: 1
      maxLength: 255
      pattern: '^[^\u0000-\u001f\u007f]*$'
    Time: {type: string, format: date-time, examples: ['2026-11-23T06:15:40.720Z']}
    OptionalTime: {type: [string, 'null'], format: date-time}
    ReservationId:
      type: string
      pattern: '^[A-Za-z0-9_.:-]{1,64}$'
    ReservationStatus: {type: string, enum: [held, fulfilled, released, expired]}
    MovementKind: {type: string, enum: [set, adjust, reserve, release, fulfill, expire, transfer_in, transfer_out, import, delete]}
    Strategy:
      description: >-
        `priority`: in the store's order of locations. `highest_stock`: where most is available first. `single_location`: one that can give all, else none. The first two may split.
      type: string
      enum: [priority, highest_stock, single_location]
    ProductType:
      description: All but `physical` are unlimited.
      type: string
      enum: [physical, digital, service, subscription]
    Role: {type: string, enum: [admin, store, checkout, read]}

    Entry:
      description: A product at a location.
      allOf:
        - {$ref: '#/components/schemas/EntryMembers'}
      unevaluatedProperties: false
      examples:
        - {id: 2, product_id: 123, store_id: 1, location: WAREHOUSE_A, quantity: 100, reserved_quantity: 5, available_quantity: 95, gtin: null, version: 2, created_at: '2026-11-23T06:15:40.720Z', updated_at: '2026-11-23T06:15:40.732Z'}
    EntryMembers:
      description: What all forms of an entry have.
      type: object
      required: [id, product_id, store_id, location, quantity, reserved_quantity, available_quantity, gtin, version, created_at, updated_at]
      properties:
        id: {type: [integer, 'null'], minimum: 1, description: null where an unlimited product has no entry.}
        product_id: {$ref: '#/components/schemas/Id'}
        store_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/OptionalLocationName'}
        quantity: {$ref: '#/components/schemas/Quantity'}
        reserved_quantity: {$ref: '#/components/schemas/Quantity'}
        available_quantity: {$ref: '#/components/schemas/Signed', description: '`quantity` − `reserved_quantity`: below 0 where backorders are allowed; 999999 for unlimited products.'}
        gtin: {$ref: '#/components/schemas/OptionalGTIN'}
        version: {type: integer, minimum: 0, description: Raised by one with every change.}
        created_at: {$ref: '#/components/schemas/OptionalTime'}
        updated_at: {$ref: '#/components/schemas/OptionalTime'}
        unlimited: {const: true, description: There only for unlimited products.}
    AllocatedEntry:
      description: What an entry gave, and how it now is.
      allOf:
        - {$ref: '#/components/schemas/EntryMembers'}
      required: [allocated_quantity]
      properties:
        allocated_quantity: {$ref: '#/components/schemas/Amount'}
      unevaluatedProperties: false
    Allocation:
      description: What a reserve without a location got.
      type: object
      additionalProperties: false
      required: [product_id, requested_quantity, lines]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        requested_quantity: {$ref: '#/components/schemas/Amount'}
        lines:
          type: array
          items: {$ref: '#/components/schemas/AllocatedEntry'}
    ReserveResult:
      oneOf:
        - {$ref: '#/components/schemas/Entry'}
        - {$ref: '#/components/schemas/Allocation'}
    TransferResult:
      type: object
      additionalProperties: false
      required: [from, to]
      properties:
        from: {$ref: '#/components/schemas/Entry'}
        to: {$ref: '#/components/schemas/Entry'}
    ProductStock:
      type: object
      additionalProperties: false
      required: [product_id, title, sku, product_type, unlimited, total_quantity, total_reserved, total_available, locations]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        title: {type: [string, 'null']}
        sku: {type: [string, 'null']}
        product_type: {$ref: '#/components/schemas/ProductType'}
        unlimited: {type: boolean}
        total_quantity: {$ref: '#/components/schemas/Quantity'}
        total_reserved: {$ref: '#/components/schemas/Quantity'}
        total_available: {$ref: '#/components/schemas/Signed'}
        locations:
          type: array
          maxItems: 1000
          items: {$ref: '#/components/schemas/Entry'}

    SetStock:
      type: object
      additionalProperties: false
      required: [product_id, location, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity: {$ref: '#/components/schemas/Quantity'}
        gtin: {$ref: '#/components/schemas/GTIN'}
        reason: {$ref: '#/components/schemas/Note'}
        expected_quantity: {$ref: '#/components/schemas/Quantity', description: Only if this is the quantity now.}
        expected_version: {$ref: '#/components/schemas/Quantity', description: 'Only if this is the version now; 0: only if there is no entry.'}
    AdjustStock:
      type: object
      additionalProperties: false
      required: [product_id, location, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity:
          description: Units to add; below 0, to remove. Not 0.
          type: integer
          minimum: -9007199254740991
          maximum: 9007199254740991
          not: {const: 0}
        reason: {$ref: '#/components/schemas/Note'}
        reference: {$ref: '#/components/schemas/Note'}
        expected_version: {$ref: '#/components/schemas/Quantity'}
    AdminSetStock:
      type: object
      additionalProperties: false
      required: [store_id, product_id, location, quantity]
      properties:
        store_id: {$ref: '#/components/schemas/Id'}
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity: {$ref: '#/components/schemas/Quantity'}
        gtin: {$ref: '#/components/schemas/GTIN'}
        reason: {$ref: '#/components/schemas/Note'}
        expected_quantity: {$ref: '#/components/schemas/Quantity', description: Only if this is the quantity now.}
        expected_version: {$ref: '#/components/schemas/Quantity', description: 'Only if this is the version now; 0: only if there is no entry.'}
    AdminAdjustStock:
      type: object
      additionalProperties: false
      required: [store_id, product_id, location, quantity]
      properties:
        store_id: {$ref: '#/components/schemas/Id'}
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity:
          description: Units to add; below 0, to remove. Not 0.
          type: integer
          minimum: -9007199254740991
          maximum: 9007199254740991
          not: {const: 0}
        reason: {$ref: '#/components/schemas/Note'}
        reference: {$ref: '#/components/schemas/Note'}
        expected_version: {$ref: '#/components/schemas/Quantity'}
    ReserveStock:
      type: object
      additionalProperties: false
      required: [product_id, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity: {$ref: '#/components/schemas/Amount'}
        strategy: {$ref: '#/components/schemas/Strategy', description: Not together with `location`.}
      not: {required: [location, strategy]}
    TakeReserved:
      type: object
      additionalProperties: false
      required: [product_id, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity: {$ref: '#/components/schemas/Amount'}
    TransferStock:
      type: object
      additionalProperties: false
      required: [product_id, from, to, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        from: {$ref: '#/components/schemas/Location'}
        to: {$ref: '#/components/schemas/Location', description: Another than `from`.}
        quantity: {$ref: '#/components/schemas/Amount'}
    Operation:
      description: One line of a batch.
      oneOf:
        - type: object
          title: set
          additionalProperties: false
          required: [op, product_id, location, quantity]
          properties:
            op: {const: set}
            product_id: {$ref: '#/components/schemas/Id'}
            location: {$ref: '#/components/schemas/Location'}
            quantity: {$ref: '#/components/schemas/Quantity'}
            gtin: {$ref: '#/components/schemas/GTIN'}
            reason: {$ref: '#/components/schemas/Note'}
            expected_quantity: {$ref: '#/components/schemas/Quantity', description: Only if this is the quantity now.}
            expected_version: {$ref: '#/components/schemas/Quantity', description: 'Only if this is the version now; 0: only if there is no entry.'}
        - type: object
          title: adjust
          additionalProperties: false
          required: [op, product_id, location, quantity]
          properties:
            op: {const: adjust}
            product_id: {$ref: '#/components/schemas/Id'}
            location: {$ref: '#/components/schemas/Location'}
            quantity:
              description: Units to add; below 0, to remove. Not 0.
              type: integer
              minimum: -9007199254740991
              maximum: 9007199254740991
              not: {const: 0}
            reason: {$ref: '#/components/schemas/Note'}
            reference: {$ref: '#/components/schemas/Note'}
            expected_version: {$ref: '#/components/schemas/Quantity'}
        - type: object
          title: reserve
          additionalProperties: false
          required: [op, product_id, quantity]
          properties:
            op: {const: reserve}
            product_id: {$ref: '#/components/schemas/Id'}
            location: {$ref: '#/components/schemas/Location'}
            quantity: {$ref: '#/components/schemas/Amount'}
            strategy: {$ref: '#/components/schemas/Strategy', description: Not together with `location`.}
          not: {required: [location, strategy]}
        - type: object
          title: release or fulfill
          additionalProperties: false
          required: [op, product_id, quantity]
          properties:
            op: {enum: [release, fulfill]}
            product_id: {$ref: '#/components/schemas/Id'}
            location: {$ref: '#/components/schemas/Location'}
            quantity: {$ref: '#/components/schemas/Amount'}
        - type: object
          title: transfer
          additionalProperties: false
          required: [op, product_id, from, to, quantity]
          properties:
            op: {const: transfer}
            product_id: {$ref: '#/components/schemas/Id'}
            from: {$ref: '#/components/schemas/Location'}
            to: {$ref: '#/components/schemas/Location', description: Another than `from`.}
            quantity: {$ref: '#/components/schemas/Amount'}
    BatchStock:
      type: object
      additionalProperties: false
      required: [operations]
      properties:
        operations:
          type: array
          maxItems: 10000
          items: {$ref: '#/components/schemas/Operation'}
        atomic: {type: boolean, default: false, description: 'All or none; then only reserves, each with a location, of at most 2,000 products and locations.'}
    BatchLine:
      description: What the operation's own call would have answered, with its status and its commit.
      oneOf:
        - title: entry
          allOf:
            - {$ref: '#/components/schemas/EntryMembers'}
          required: [status, shard, sequence]
          properties:
            status: {const: 200}
            shard: {$ref: '#/components/schemas/Shard'}
            sequence: {$ref: '#/components/schemas/Sequence'}
          unevaluatedProperties: false
        - type: object
          title: transfer
          additionalProperties: false
          required: [status, from, to, shard, sequence]
          properties:
            status: {const: 200}
            from: {$ref: '#/components/schemas/Entry'}
            to: {$ref: '#/components/schemas/Entry'}
            shard: {$ref: '#/components/schemas/Shard'}
            sequence: {$ref: '#/components/schemas/Sequence'}
        - type: object
          title: allocation
          additionalProperties: false
          required: [status, product_id, requested_quantity, lines, shard, sequence]
          properties:
            status: {const: 200}
            product_id: {$ref: '#/components/schemas/Id'}
            requested_quantity: {$ref: '#/components/schemas/Amount'}
            lines: {type: array, items: {$ref: '#/components/schemas/AllocatedEntry'}}
            shard: {$ref: '#/components/schemas/Shard'}
            sequence: {$ref: '#/components/schemas/Sequence'}
        - {$ref: '#/components/schemas/LineProblem'}
    BatchResults:
      type: object
      additionalProperties: false
      required: [results]
      properties:
        results:
          type: array
          maxItems: 10000
          items: {$ref: '#/components/schemas/BatchLine'}
    PutEntry:
      type: object
      additionalProperties: false
      minProperties: 1
      properties:
        quantity: {$ref: '#/components/schemas/Quantity'}
        reserved_quantity: {$ref: '#/components/schemas/Quantity', description: 'Not more than `quantity`, nor below what reservations hold.'}
        location: {$ref: '#/components/schemas/Location'}
        gtin: {$ref: '#/components/schemas/OptionalGTIN'}

    CartLine:
      type: object
      additionalProperties: false
      required: [product_id, quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/Location'}
        quantity: {$ref: '#/components/schemas/Amount'}
    HoldCart:
      type: object
      additionalProperties: false
      required: [order_id, lines]
      properties:
        order_id: {$ref: '#/components/schemas/Reference'}
        customer_id: {$ref: '#/components/schemas/Reference', description: Needed where a product has a purchase limit.}
        reservation_id: {$ref: '#/components/schemas/ReservationId', description: Chosen by the engine if left out.}
        ttl_seconds: {type: integer, minimum: 30, maximum: 604800, default: 900}
        strategy: {$ref: '#/components/schemas/Strategy', description: For lines without a location.}
        lines:
          type: array
          minItems: 1
          maxItems: 2000
          items: {$ref: '#/components/schemas/CartLine'}
    ExtendReservation:
      type: object
      additionalProperties: false
      required: [ttl_seconds]
      properties:
        ttl_seconds: {type: integer, minimum: 30, maximum: 604800}
    ReservationLines:
      description: Without `lines`, all that is held.
      type: object
      additionalProperties: false
      properties:
        lines:
          type: array
          minItems: 1
          maxItems: 2000
          items: {$ref: '#/components/schemas/CartLine'}
    ReservationLine:
      description: '`quantity` = `held_quantity` + `fulfilled_quantity` + `released_quantity`.'
      type: object
      additionalProperties: false
      required: [product_id, location, quantity, held_quantity, fulfilled_quantity, released_quantity]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/OptionalLocationName'}
        quantity: {$ref: '#/components/schemas/Amount'}
        held_quantity: {$ref: '#/components/schemas/Quantity'}
        fulfilled_quantity: {$ref: '#/components/schemas/Quantity'}
        released_quantity: {$ref: '#/components/schemas/Quantity'}
        unlimited: {const: true}
    Reservation:
      type: object
      additionalProperties: false
      required: [reservation_id, order_id, customer_id, store_id, status, expires_at, created_at, updated_at, lines]
      properties:
        reservation_id: {$ref: '#/components/schemas/ReservationId'}
        order_id: {type: [string, 'null']}
        customer_id: {type: [string, 'null']}
        store_id: {type: [integer, 'null'], minimum: 1, description: null if an admin's key made it.}
        status: {$ref: '#/components/schemas/ReservationStatus'}
        expires_at: {$ref: '#/components/schemas/Time'}
        created_at: {$ref: '#/components/schemas/Time'}
        updated_at: {$ref: '#/components/schemas/Time'}
        lines:
          type: array
          items: {$ref: '#/components/schemas/ReservationLine'}
      examples:
        - {reservation_id: r0-5b0c6f1d8a3e4f7790c2d1e0a4b3f6c8, order_id: '1001', customer_id: null, store_id: 1, status: held, expires_at: '2026-11-23T06:30:41.002Z', created_at: '2026-11-23T06:15:41.002Z', updated_at: '2026-11-23T06:15:41.002Z', lines: [{product_id: 123, location: WAREHOUSE_A, quantity: 2, held_quantity: 2, fulfilled_quantity: 0, released_quantity: 0}]}

    Movement:
      description: A change of an entry's counters.
      type: object
      additionalProperties: false
      required: [shard, number, sequence, product_id, store_id, location, kind, quantity_change, reserved_change, quantity_after, reserved_after, reason, reference, actor, occurred_at]
      properties:
        shard: {$ref: '#/components/schemas/Shard'}
        number: {type: integer, minimum: 1, description: 'In its shard, without gaps.'}
        sequence: {type: integer, minimum: 0, description: The commit that it was part of.}
        product_id: {$ref: '#/components/schemas/Id'}
        store_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/OptionalLocationName'}
        kind: {$ref: '#/components/schemas/MovementKind'}
        quantity_change: {$ref: '#/components/schemas/Signed'}
        reserved_change: {$ref: '#/components/schemas/Signed'}
        quantity_after: {$ref: '#/components/schemas/Quantity'}
        reserved_after: {$ref: '#/components/schemas/Quantity'}
        reason: {type: [string, 'null']}
        reference: {type: [string, 'null']}
        actor: {type: string, pattern: '^(engine|key:[0-9]+)$'}
        occurred_at: {$ref: '#/components/schemas/Time'}
    Edge:
      description: The data of `low_stock`, `out_of_stock` and `back_in_stock` events.
      type: object
      additionalProperties: false
      required: [product_id, store_id, location, available, shard, number, occurred_at]
      properties:
        product_id: {$ref: '#/components/schemas/Id'}
        store_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/OptionalLocationName'}
        available: {$ref: '#/components/schemas/Signed'}
        shard: {$ref: '#/components/schemas/Shard'}
        number: {type: integer, minimum: 1}
        occurred_at: {$ref: '#/components/schemas/Time'}

    Store:
      type: object
      additionalProperties: false
      required: [id, name, location_priority, allocation_strategy, created_at, updated_at]
      properties:
        id: {$ref: '#/components/schemas/Id'}
        name: {type: string}
        location_priority: {type: array, maxItems: 1000, items: {$ref: '#/components/schemas/LocationName'}}
        allocation_strategy: {$ref: '#/components/schemas/Strategy'}
        created_at: {$ref: '#/components/schemas/Time'}
        updated_at: {$ref: '#/components/schemas/Time'}
    PutStore:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {$ref: '#/components/schemas/Name'}
        location_priority: {type: array, maxItems: 1000, uniqueItems: true, items: {$ref: '#/components/schemas/Location'}}
        allocation_strategy: {$ref: '#/components/schemas/Strategy'}
    PurchaseLimit:
      description: What one customer may hold or have bought, within a sale's window.
      type: object
      additionalProperties: false
      required: [quantity]
      properties:
        quantity: {$ref: '#/components/schemas/Amount'}
        starts_at: {$ref: '#/components/schemas/OptionalTime'}
        ends_at: {$ref: '#/components/schemas/OptionalTime', description: After `starts_at`.}
    Product:
      type: object
      additionalProperties: false
      required: [id, store_id, title, sku, gtin, product_type, is_digital, unlimited, low_stock_threshold, safety_stock, backorder_limit, purchase_limit, version, created_at, updated_at]
      properties:
        id: {$ref: '#/components/schemas/Id'}
        store_id: {$ref: '#/components/schemas/Id'}
        title: {type: [string, 'null']}
        sku: {type: [string, 'null']}
        gtin: {$ref: '#/components/schemas/OptionalGTIN'}
        product_type: {$ref: '#/components/schemas/ProductType'}
        is_digital: {type: boolean, description: The same as `unlimited`.}
        unlimited: {type: boolean}
        low_stock_threshold: {type: [integer, 'null'], minimum: 0}
        safety_stock: {$ref: '#/components/schemas/Quantity'}
        backorder_limit: {$ref: '#/components/schemas/Quantity'}
        purchase_limit:
          oneOf:
            - {type: 'null'}
            - {$ref: '#/components/schemas/PurchaseLimit'}
        version: {type: integer, minimum: 1}
        created_at: {$ref: '#/components/schemas/Time'}
        updated_at: {$ref: '#/components/schemas/Time'}
    PutProduct:
      type: object
      additionalProperties: false
      required: [store_id]
      properties:
        store_id: {$ref: '#/components/schemas/Id', description: A store that exists.}
        title: {type: string, maxLength: 1024, pattern: '^[^\u0000-\u001f\u007f]*$', description: At most 1024 bytes.}
        sku: {type: string, maxLength: 128, pattern: '^[^\u0000-\u001f\u007f]*$', description: 'At most 128 bytes. Need not be unique: stock belongs to product ids. A search for a SKU finds all products that have it.'}
        gtin: {$ref: '#/components/schemas/GTIN'}
        product_type: {$ref: '#/components/schemas/ProductType', default: physical}
        is_digital: {type: boolean, description: 'May stand for `product_type`, and may not contradict it.'}
        low_stock_threshold: {type: [integer, 'null'], minimum: 0, maximum: 9007199254740991, description: With so many available or fewer the entry is low.}
        safety_stock: {$ref: '#/components/schemas/Quantity', description: Units of each entry that are not sold.}
        backorder_limit: {$ref: '#/components/schemas/Quantity', description: Units of each entry that may be sold beyond what is there.}
        purchase_limit:
          oneOf:
            - {type: 'null'}
            - {$ref: '#/components/schemas/Amount'}
            - {$ref: '#/components/schemas/PurchaseLimit'}
    Key:
      type: object
      additionalProperties: false
      required: [id, role, store_id, name, created_at, expires_at]
      properties:
        id: {$ref: '#/components/schemas/Id'}
        role: {$ref: '#/components/schemas/Role'}
        store_id: {type: [integer, 'null'], minimum: 1}
        name: {type: string}
        created_at: {$ref: '#/components/schemas/Time'}
        expires_at: {$ref: '#/components/schemas/OptionalTime'}
    NewKey:
      type: object
      additionalProperties: false
      required: [id, role, store_id, name, created_at, expires_at, key]
      properties:
        id: {$ref: '#/components/schemas/Id'}
        role: {$ref: '#/components/schemas/Role'}
        store_id: {type: [integer, 'null'], minimum: 1}
        name: {type: string}
        created_at: {$ref: '#/components/schemas/Time'}
        expires_at: {$ref: '#/components/schemas/OptionalTime'}
        key: {type: string, pattern: '^sk_[A-Za-z0-9_-]{43}$', description: 'The secret, shown this once.'}
    CreateKey:
      oneOf:
        - type: object
          title: admin
          additionalProperties: false
          required: [role, name]
          properties:
            role: {const: admin}
            name: {$ref: '#/components/schemas/Name'}
            expires_at: {$ref: '#/components/schemas/Time', description: Not in the past.}
        - type: object
          title: of a store
          additionalProperties: false
          required: [role, store_id, name]
          properties:
            role: {enum: [store, checkout, read]}
            store_id: {$ref: '#/components/schemas/Id', description: A store that exists.}
            name: {$ref: '#/components/schemas/Name'}
            expires_at: {$ref: '#/components/schemas/Time', description: Not in the past.}

    ListedEntry:
      description: An entry with what it is called.
      allOf:
        - {$ref: '#/components/schemas/EntryMembers'}
      required: [store_name, product_title, sku]
      properties:
        store_name: {type: [string, 'null']}
        product_title: {type: [string, 'null']}
        sku: {type: [string, 'null']}
      unevaluatedProperties: false
    Stats:
      type: object
      additionalProperties: false
      required: [total_entries, total_quantity, total_reserved, total_available, low_stock_count, stores_with_inventory, unique_locations]
      properties:
        total_entries: {$ref: '#/components/schemas/Count'}
        total_quantity: {$ref: '#/components/schemas/Count'}
        total_reserved: {$ref: '#/components/schemas/Count'}
        total_available: {type: integer}
        low_stock_count: {$ref: '#/components/schemas/Count'}
        stores_with_inventory: {$ref: '#/components/schemas/Count'}
        unique_locations: {$ref: '#/components/schemas/Count'}
      examples:
        - {total_entries: 150, total_quantity: 5000, total_reserved: 200, total_available: 4800, low_stock_count: 12, stores_with_inventory: 5, unique_locations: 8}
    LowStockList:
      type: array
      maxItems: 500
      items:
        type: object
        additionalProperties: false
        required: [product_id, store_name, product_title, location, quantity, available_quantity]
        properties:
          product_id: {$ref: '#/components/schemas/Id'}
          store_name: {type: [string, 'null']}
          product_title: {type: [string, 'null']}
          location: {$ref: '#/components/schemas/LocationName'}
          quantity: {$ref: '#/components/schemas/Quantity'}
          available_quantity: {$ref: '#/components/schemas/Signed'}
      examples:
        - [{product_id: 123, store_name: TechStore, product_title: USB Cable, location: WAREHOUSE_A, quantity: 3, available_quantity: 2}]

    Session:
      type: object
      additionalProperties: false
      required: [signed_in, keys]
      properties:
        signed_in: {type: boolean}
        keys: {type: boolean, description: 'false: the engine asks nobody for keys.'}
        key_id: {$ref: '#/components/schemas/Id'}
        name: {type: string}
        csrf_token: {type: string}
    ExportPage:
      type: object
      additionalProperties: false
      required: [items, shard, sequence, next_cursor]
      properties:
        items:
          type: array
          items:
            type: object
            additionalProperties: false
            required: [product, entry]
            properties:
              product: {$ref: '#/components/schemas/Product'}
              entry:
                description: null for a product without entries.
                oneOf:
                  - {type: 'null'}
                  - {$ref: '#/components/schemas/Entry'}
        shard: {$ref: '#/components/schemas/Shard'}
        sequence: {$ref: '#/components/schemas/Sequence', description: The commit up to which the shard is told.}
        next_cursor: {type: [string, 'null'], description: null at the end.}
    Health:
      type: object
      additionalProperties: false
      required: [status]
      properties:
        status: {const: ok}
    Readiness:
      type: object
      additionalProperties: false
      required: [status, shards]
      properties:
        status: {enum: [ready, not_ready]}
        shards:
          type: array
          items:
            type: object
            additionalProperties: false
            required: [shard, serving, state, sequence, products, entries]
            properties:
              shard: {$ref: '#/components/schemas/Shard'}
              serving: {type: boolean}
              state: {type: string}
              sequence: {$ref: '#/components/schemas/Sequence'}
              products: {$ref: '#/components/schemas/Count'}
              entries: {$ref: '#/components/schemas/Count'}
    Verify:
      type: object
      additionalProperties: false
      properties:
        repair: {type: boolean, default: false, description: Write what differs to Redis, from memory.}
    VerifyReport:
      type: object
      additionalProperties: false
      required: [difference_count, shards, control]
      properties:
        difference_count: {$ref: '#/components/schemas/Count'}
        repaired_count: {type: integer, minimum: 0, description: Fields that were written to Redis. Only with `repair`.}
        shards:
          type: array
          items:
            type: object
            additionalProperties: false
            required: [shard, products, entries, difference_count, differences]
            properties:
              shard: {$ref: '#/components/schemas/Shard'}
              products: {$ref: '#/components/schemas/Count'}
              entries: {$ref: '#/components/schemas/Count'}
              difference_count: {$ref: '#/components/schemas/Count'}
              repaired_count: {$ref: '#/components/schemas/Count'}
              differences: {type: array, maxItems: 100, items: {type: string}}
        control:
          description: The manifest, stores and keys.
          type: object
          additionalProperties: false
          required: [difference_count, differences]
          properties:
            difference_count: {$ref: '#/components/schemas/Count'}
            repaired_count: {$ref: '#/components/schemas/Count'}
            differences: {type: array, maxItems: 100, items: {type: string}}
    EntryList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/Entry'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    ListedEntryList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/ListedEntry'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    ReservationList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/Reservation'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    MovementList:
      type: object
      additionalProperties: false
      required: [items, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/Movement'}}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    ProductList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/Product'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    StoreList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/Store'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    StockedStoreList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/StockedStore'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    LocationList:
      type: object
      additionalProperties: false
      required: [items, total, limit, next_cursor]
      properties:
        items: {type: array, maxItems: 500, items: {$ref: '#/components/schemas/ListedLocation'}}
        total: {type: integer, minimum: 0, description: On all pages.}
        limit: {type: integer, minimum: 1, maximum: 500}
        next_cursor: {type: [string, 'null'], description: null on the last page.}
    StockedStore:
      type: object
      additionalProperties: false
      required: [store_id, store_name, total_entries, total_quantity, total_reserved, total_available, low_stock_count]
      properties:
        store_id: {$ref: '#/components/schemas/Id'}
        store_name: {type: [string, 'null']}
        total_entries: {$ref: '#/components/schemas/Count'}
        total_quantity: {$ref: '#/components/schemas/Count'}
        total_reserved: {$ref: '#/components/schemas/Count'}
        total_available: {type: integer}
        low_stock_count: {$ref: '#/components/schemas/Count'}
    ListedLocation:
      type: object
      additionalProperties: false
      required: [location, total_entries]
      properties:
        location: {$ref: '#/components/schemas/LocationName'}
        total_entries: {$ref: '#/components/schemas/Count'}
    KeyList:
      type: object
      additionalProperties: false
      required: [items]
      properties:
        items: {type: array, items: {$ref: '#/components/schemas/Key'}}

    ProblemCode:
      description: The closed list of error codes.
      type: string
      enum:
        - invalid_request
        - unauthorized
        - forbidden
        - not_found
        - product_not_found
        - entry_not_found
        - store_not_found
        - key_not_found
        - reservation_not_found
        - method_not_allowed
        - request_timeout
        - insufficient_stock
        - insufficient_reserved
        - below_reserved
        - version_conflict
        - location_taken
        - entry_in_use
        - too_many_locations
        - reservation_closed
        - reservation_exists
        - purchase_limit
        - batch_refused
        - idempotency_mismatch
        - idempotency_running
        - payload_too_large
        - unsupported_media_type
        - headers_too_large
        - rate_limited
        - overloaded
        - store_unavailable
        - outcome_unknown
      x-problems:
        invalid_request: {status: 400, title: 'The request is not valid', advice: 'Mend what `errors` names. Asking again as it is gets the same answer.'}
        unauthorized: {status: 401, title: 'A valid key is needed', advice: 'Send `Authorization: Bearer` with a key that is neither revoked nor expired.'}
        forbidden: {status: 403, title: 'The key''s role does not allow this', advice: 'Use a key whose role may do this.'}
        not_found: {status: 404, title: 'There is no such path', advice: 'Look at the paths of this document.'}
        product_not_found: {status: 404, title: 'There is no such product', advice: 'No product of your store has this id.'}
        entry_not_found: {status: 404, title: 'There is no such entry', advice: 'The product has nothing at this location, or no entry of your store has this id. `set` or a positive `adjust` makes one.'}
        store_not_found: {status: 404, title: 'There is no such store', advice: '`PUT /api/v1/admin/stores/{id}` makes one.'}
        key_not_found: {status: 404, title: 'There is no such key', advice: 'It may have been revoked already.'}
        reservation_not_found: {status: 404, title: 'There is no such reservation', advice: 'It never was, is another store''s, or ended longer ago than the engine remembers.'}
        method_not_allowed: {status: 405, title: 'The path does not have this method', advice: '`Allow` lists the methods of the path.'}
        request_timeout: {status: 408, title: 'The request took too long to arrive', advice: 'Send the whole request in one go.'}
        insufficient_stock: {status: 409, title: 'Not enough is available', advice: '`requested` is more than `available`. Nothing was changed; offer what is there.'}
        insufficient_reserved: {status: 409, title: 'Not as much is reserved', advice: '`requested` is more than `reserved`, less what reservations with an id hold.'}
        below_reserved: {status: 409, title: 'More than this is reserved', advice: '`requested` is less than `reserved`. Release first.'}
        version_conflict: {status: 409, title: 'It has changed meanwhile', advice: 'Somebody was faster: `expected` is not `actual`. Read it again and decide again.'}
        location_taken: {status: 409, title: 'The product has an entry at that location', advice: 'The product has an entry at that location: adjust or transfer instead.'}
        entry_in_use: {status: 409, title: 'Units are reserved', advice: 'Release or fulfil the `reserved` units first.'}
        too_many_locations: {status: 409, title: 'The product has as many locations as it can', advice: 'A product can be at 1,000 locations.'}
        reservation_closed: {status: 409, title: 'The reservation has ended', advice: 'It has ended; `reservation_status` says how.'}
        reservation_exists: {status: 409, title: 'Another reservation has this id', advice: 'Choose another `reservation_id`, or leave it out.'}
        purchase_limit: {status: 409, title: 'The customer has as much as one may buy', advice: 'The customer `had` so many of `limit` already.'}
        batch_refused: {status: 409, title: 'Not all operations could be done, so none was', advice: '`results` says which operations could not be done. None was.'}
        idempotency_mismatch: {status: 422, title: 'The idempotency key was used for another request', advice: 'Use a new key for a new request.'}
        idempotency_running: {status: 409, title: 'The first request with this key is under way', advice: 'Ask again after `Retry-After`: you get the answer of the first.'}
        payload_too_large: {status: 413, title: 'The body is too large', advice: 'At most 1 MiB, a batch 8 MiB.'}
        unsupported_media_type: {status: 415, title: 'The body has to be application/json', advice: 'Send `Content-Type: application/json` and no `Content-Encoding`.'}
        headers_too_large: {status: 431, title: 'The header is too large', advice: 'At most 100 fields and 16 KiB.'}
        rate_limited: {status: 429, title: 'Too many attempts', advice: 'Wait for `Retry-After`.'}
        overloaded: {status: 503, title: 'Too much waits already', advice: 'Nothing has changed. Ask again after `Retry-After`, and more slowly.'}
        store_unavailable: {status: 503, title: 'The store does not take changes at the moment', advice: 'Nothing has changed: Redis does not answer. Ask again after `Retry-After`.'}
        outcome_unknown: {status: 503, title: 'It is not known whether the change was made', advice: 'The change may have been made. Ask again with the same `Idempotency-Key`, or look.'}
    Problem:
      description: An error (RFC 9457).
      allOf:
        - {$ref: '#/components/schemas/ProblemMembers'}
      unevaluatedProperties: false
      examples:
        - {status: 409, code: insufficient_stock, type: '/docs/errors#insufficient_stock', title: Not enough is available, detail: 'Requested 500, available 95.', requested: 500, available: 95, product_id: 123, location: WAREHOUSE_A}
    ProblemMembers:
      description: What the errors of requests and of a batch's lines have.
      type: object
      required: [status, code, type, title, detail]
      properties:
        status: {type: integer, minimum: 400, maximum: 599, description: The HTTP status.}
        code: {$ref: '#/components/schemas/ProblemCode'}
        type: {type: string, pattern: '^/docs/errors#[a-z_]+$', description: Where the code is explained.}
        title: {type: string, description: 'What the code means, always the same.'}
        detail: {type: string, description: 'What happened, for people.'}
        errors:
          description: What is wrong with which field, at most 32.
          type: array
          maxItems: 32
          items:
            type: object
            additionalProperties: false
            required: [field, message]
            properties:
              field: {type: string, description: 'As `quantity`, `lines[3].quantity`, or `body` for all of it.'}
              message: {type: string}
        requested: {type: integer}
        available: {type: integer}
        reserved: {type: integer}
        expected: {type: integer}
        actual: {type: integer}
        limit: {type: integer}
        had: {type: integer}
        reservation_status: {$ref: '#/components/schemas/ReservationStatus'}
        id: {type: integer, minimum: 1, description: The entry's.}
        product_id: {$ref: '#/components/schemas/Id'}
        location: {$ref: '#/components/schemas/LocationName'}
        lines:
          description: The lines of a cart that could not be had.
          type: array
          items:
            type: object
            additionalProperties: false
            required: [product_id, location, code]
            properties:
              product_id: {$ref: '#/components/schemas/Id'}
              location: {$ref: '#/components/schemas/OptionalLocationName'}
              code: {$ref: '#/components/schemas/ProblemCode'}
              requested: {type: integer}
              available: {type: integer}
              reserved: {type: integer}
              limit: {type: integer}
              had: {type: integer}
              expected: {type: integer}
              actual: {type: integer}
        results:
          description: Of a refused atomic batch, one for each operation.
          type: array
          items: {$ref: '#/components/schemas/LineProblem'}
    LineProblem:
      description: The problem of one line of a batch.
      allOf:
        - {$ref: '#/components/schemas/ProblemMembers'}
      properties:
        shard: {$ref: '#/components/schemas/Shard'}
        sequence: {$ref: '#/components/schemas/Sequence'}
      unevaluatedProperties: false

  responses:
    Html:
      description: The page. Its Content-Security-Policy lets it run only what the engine serves.
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        text/html:
          schema: {type: string}
    Events:
      description: A stream of events; it ends with the connection.
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        text/event-stream:
          schema: {type: string}
          example: |
            retry: 2000
            id: 12.5.0.33

            event: movement
            data: {"shard":0,"number":13,"sequence":9,"product_id":123,"store_id":1,"location":"WAREHOUSE_A","kind":"reserve","quantity_change":0,"reserved_change":5,"quantity_after":100,"reserved_after":5,"reason":null,"reference":null,"actor":"key:1","occurred_at":"2026-11-23T06:15:40.732Z"}
            id: 13.5.0.33
    Invalid:
      description: 'The request is not valid: `invalid_request`; `errors` names the fields.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Unauthorized:
      description: 'No key, or one that is not good: `unauthorized`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        WWW-Authenticate: {$ref: '#/components/headers/WWW-Authenticate'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Forbidden:
      description: 'The key''s role does not allow this: `forbidden`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    NotFound:
      description: 'There is no such thing in the stores that the key is for.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    MethodNotAllowed:
      description: 'The path does not have this method: `method_not_allowed`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        Allow: {$ref: '#/components/headers/Allow'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    RequestTimeout:
      description: 'The rest of the request did not come in time: `request_timeout`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Conflict:
      description: 'What is there does not allow it; `code` says why, and the numbers how far.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        X-Stock-Shard: {$ref: '#/components/headers/X-Stock-Shard'}
        X-Stock-Sequence: {$ref: '#/components/headers/X-Stock-Sequence'}
        Idempotency-Replayed: {$ref: '#/components/headers/Idempotency-Replayed'}
        Retry-After: {$ref: '#/components/headers/Retry-After'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    PayloadTooLarge:
      description: 'The body is too large: `payload_too_large`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    UnsupportedMediaType:
      description: 'The body has to be application/json, without Content-Encoding: `unsupported_media_type`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    IdempotencyMismatch:
      description: 'The idempotency key was used for another request: `idempotency_mismatch`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    HeadersTooLarge:
      description: 'The header has more than 100 fields or 16 KiB: `headers_too_large`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    Unavailable:
      description: '`overloaded`, `store_unavailable`: nothing has changed. `outcome_unknown`: the change may have been made.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        Retry-After: {$ref: '#/components/headers/Retry-After'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}
    RateLimited:
      description: 'Too many wrong keys from this address: `rate_limited`.'
      headers:
        X-Request-Id: {$ref: '#/components/headers/X-Request-Id'}
        Retry-After: {$ref: '#/components/headers/Retry-After'}
      content:
        application/problem+json:
          schema: {$ref: '#/components/schemas/Problem'}

"""####
}

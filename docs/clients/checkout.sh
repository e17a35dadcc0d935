#!/bin/bash
# A checkout in curl: hold, pay, then fulfil or release.
# Usage: STOCK_URL=… STOCK_KEY=… checkout.sh ORDER PRODUCT QUANTITY
set -euo pipefail
order=$1 product=$2 quantity=$3
reservations=$STOCK_URL/api/v1/store/reservations

# Asks until there is an answer that settles it. The key stays the same, so the engine does it once
# however often it is asked: after a time-out, a lost connection, a 503, a 429, or while the first is
# running.
change() { # key url body
  local attempt status
  for attempt in 1 2 3 4 5 6; do
    status=$(curl -sS -o "$answer" -w '%{http_code}' --max-time "${TIMEOUT:-5}" \
      -H "Authorization: Bearer $STOCK_KEY" -H 'Content-Type: application/json' \
      -H "Idempotency-Key: $1" -d "$3" "$2") || status=000
    case $status in
      000 | 408 | 429 | 503) ;;
      409) grep -q '"code":"idempotency_running"' "$answer" || return 1 ;;
      2??) return 0 ;;
      *) return 1 ;;
    esac
    sleep "$((attempt < 4 ? 1 : 5))"
  done
  echo "no answer after $attempt attempts" >&2
  return 1
}

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

if ! change "$order:hold" "$reservations" \
  "{\"order_id\": \"$order\", \"lines\": [{\"product_id\": $product, \"quantity\": $quantity}], \"ttl_seconds\": 900}"; then
  echo "not held: $(cat "$answer")"
  exit 1
fi
reservation=$(sed -E 's/.*"reservation_id":"([^"]+)".*/\1/' "$answer")
echo "held $reservation"

# Here the customer pays.
if [ "${PAYMENT:-ok}" = ok ]; then next=fulfill; else next=release; fi
if ! change "$order:$next" "$reservations/$reservation/$next" '{}'; then
  echo "not ${next}ed: $(cat "$answer")"
  exit 1
fi
sed -E 's/.*"status":"([^"]+)".*/\1/' "$answer"
echo

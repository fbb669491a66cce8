-- What version 3 adds to version 2: no table. Refunds count their requests, and payments remember what a gateway says of
-- a refund that it will not do; `migrations.py` makes both anew from their events. What a person should look at is found
-- without reading every payment: `state` leaves out `attention` where it is empty, and the condition is NULL then.

CREATE INDEX payments_attention ON payments (position)
    WHERE json_array_length(CAST(state AS TEXT), '$.attention') > 0;

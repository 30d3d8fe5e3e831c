-- No order of rows is promised where none is asked for: keeping that of the input would cost a fifth of a write.
SET preserve_insertion_order = false

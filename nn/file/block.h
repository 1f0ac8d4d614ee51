/* Memory for what a file holds. */
#ifndef NN_FILE_BLOCK_H
#define NN_FILE_BLOCK_H

#include <stddef.h>

void *file_block(size_t n); /* n above 0; NULL: no memory; free frees it */

#endif

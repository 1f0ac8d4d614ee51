/* Moves blocks from a file or from memory into memory; large amounts by several threads. */
#ifndef NN_FILE_TRANSFER_H
#define NN_FILE_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

/* One block. Blocks of one transfer do not overlap at their destinations. */
struct file_move {
    const char *from; /* NULL: from the file, at the offset */
    uint64_t offset;
    char *to;
    size_t size;
};

enum { TRANSFER_SHORT = -1 }; /* the file ends before a block does */

/* 0, TRANSFER_SHORT, or the errno of the read that failed; the destinations then hold anything. descriptor: of the file, -1 without
   one. */
int file_transfer(int descriptor, const struct file_move *moves, size_t n);

#endif

/* Values of a text file, which a Python reference wrote: lines of a name, a colon, and numbers. */
#ifndef TEST_GOLDEN_H
#define TEST_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The numbers of the line of that name, at most max; how many. */
static inline int golden_values(const char *path, const char *name, double *to, int max)
{
    static char line[20000];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    int n = 0;
    while (n == 0 && fgets(line, sizeof line, file)) {
        const size_t length = strlen(name);
        if (strncmp(line, name, length) != 0 || line[length] != ':')
            continue;
        char *at = line + length + 1, *end;
        for (; n < max; n++, at = end) {
            to[n] = strtod(at, &end);
            if (end == at)
                break;
        }
    }
    fclose(file);
    if (n == 0)
        fail_msg("no values of %s", name);
    return n;
}

#endif

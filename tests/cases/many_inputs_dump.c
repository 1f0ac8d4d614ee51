/* An op of more than 32 operands has its cost and its dump, and no shift beyond a word on the way (UBSan). */
#include "case.h"

int main(void)
{
    enum { N = 40 };
    wg_tensor *part[N];
    char *text = NULL;
    size_t size = 0;
    WG_TAPE(tape);
    for (int i = 0; i < N; i++)
        part[i] = wg_full(WG_F64, WG_SHAPE(1), i);
    wg_tensor *all = wg_concat(part, N, 0);
    near_("the last of 40 parts", at_(all, N - 1), N - 1, 0);
    FILE *file = open_memstream(&text, &size);
    is_("the dump", file && wg_dump_dot(tape, file) == WG_OK);
    if (file)
        fclose(file);
    free(text);
    return end_();
}

/* Model files. What is read is, of one in sixteen, saved and read again. */
#include "target.h"

static struct made reads_bytes(const uint8_t *bytes, size_t size)
{
    struct made m = {.file = wg_file_parse(bytes, size, "fuzz")};
    m.good = m.file != NULL;
    return m;
}

static void made_is_written(const struct made *made, uint64_t hash)
{
    const wg_tensor_list list = list_of(made);
    if (hash / 16 % 16 != 0)
        return;
    for (size_t i = 0; i < list.n; i++)
        if (!list.name[i][0]) /* an empty name is read, and not written */
            return;
    CHECK(wg_save(scratch(), list) == WG_OK, "saving");
    struct made again = {.file = wg_file_read(scratch())};
    CHECK(again.file && list_of(&again).n == list.n, "what was saved is not read");
    for (size_t i = 0; i < list.n; i++) { /* their order is that of their sizes now */
        wg_tensor *t = wg_file_tensor(again.file, list.name[i]);
        CHECK(t, "a name is gone");
        check_same((wg_tensor_list){1, &list.tensor[i], NULL}, (wg_tensor_list){1, &t, NULL});
    }
    end_made(&again);
    unlink(scratch());
}

/* Archives of NumPy: stored members are read and written, everything else is refused with a message that says what to do. */
#include <zlib.h>

#include "readers_check.h"

/* ---- archives to change ---- */

/* What is wrong with an archive of two arrays; 0: nothing. */
struct flaw {
    unsigned local_flags, flags, local_method, method, local_crc, crc;
    int local_size, size, packed, at, entries, directory, comment, gap, last_gap, excess, tail, extra;
    const char *first, *second, *first_local;
    const unsigned char *extra_bytes;
    bool zip64_local, zip64_central, zip64_end, zip64_less;
};

static struct image array_of(float value)
{
    static const char dict[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }";
    struct image image = {.n = 0};
    put(&image, "\x93NUMPY\x01\x00", 8);
    put_number(&image, 118, 2, false);
    put(&image, dict, sizeof dict - 1);
    for (int i = 0; i < 118 - (int)sizeof dict; i++)
        put(&image, " ", 1);
    put(&image, "\n", 1);
    put(&image, &value, 4);
    return image;
}

static void put_header(struct image *z, bool central, const struct flaw *f, int i, const char *name, size_t at,
                       const struct image *array)
{
    const bool large = i == 0 && (central ? f->zip64_central : f->zip64_local);
    const uint64_t size = array->n + (size_t)(i == 0 ? (central ? f->size : f->local_size) : 0),
                   packed = size + (size_t)(i == 0 ? f->packed : 0);
    const uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), array->at, (uInt)array->n) ^
                         (i == 0 ? central ? f->crc : f->local_crc : 0);
    const size_t extra = large ? (central ? 28 : 20) : i == 0 ? (size_t)f->extra : 0;
    put(z, central ? "PK\1\2\x14\0\x14\0" : "PK\3\4\x14\0", central ? 8 : 6);
    put_number(z, (1 << 11) ^ (i == 0 ? central ? f->flags : f->local_flags : 0), 2, false);
    put_number(z, i == 0 ? central ? f->method : f->local_method : 0, 2, false);
    put_number(z, 0x00210000, 4, false);
    put_number(z, crc, 4, false);
    put_number(z, large ? UINT32_MAX : packed, 4, false);
    put_number(z, large ? UINT32_MAX : size, 4, false);
    put_number(z, strlen(name), 2, false);
    put_number(z, extra, 2, false);
    if (central) {
        put_number(z, 0, 8, false);
        put_number(z, 0, 2, false);
        put_number(z, large ? UINT32_MAX : at + (size_t)(i == 0 ? f->at : 0), 4, false);
    }
    put(z, name, strlen(name));
    if (large) {
        put_number(z, 1, 2, false), put_number(z, extra - 4, 2, false);
        put_number(z, size, 8, false), put_number(z, packed, 8, false);
        if (central)
            put_number(z, at, 8, false);
    } else if (extra > 0) {
        put(z, f->extra_bytes, extra);
    }
}

static struct image archive_of(struct flaw f)
{
    const char *names[] = {f.first ? f.first : "a.npy", f.second ? f.second : "b.npy"};
    struct image z = {.n = 0};
    const struct image arrays[] = {array_of(1), array_of(2)};
    size_t at[2];
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < f.gap; k++)
            put(&z, "x", 1);
        at[i] = z.n;
        put_header(&z, false, &f, i, i == 0 && f.first_local ? f.first_local : names[i], 0, &arrays[i]);
        put(&z, arrays[i].at, arrays[i].n);
    }
    for (int k = 0; k < f.last_gap; k++)
        put(&z, "x", 1);
    const size_t directory = z.n;
    for (int i = 0; i < 2; i++)
        put_header(&z, true, &f, i, names[i], at[i], &arrays[i]);
    for (int k = 0; k < f.excess; k++)
        put(&z, "x", 1);
    const size_t end = z.n;
    if (f.zip64_end) {
        put(&z, "PK\6\6", 4), put_number(&z, 44, 8, false), put_number(&z, 0x002d002d, 4, false), put_number(&z, 0, 8, false);
        put_number(&z, 2, 8, false), put_number(&z, 2, 8, false), put_number(&z, end - directory, 8, false);
        put_number(&z, directory, 8, false);
        put(&z, "PK\6\7", 4), put_number(&z, 0, 4, false), put_number(&z, end + (f.zip64_less ? 1 : 0), 8, false),
            put_number(&z, 1, 4, false);
    }
    put(&z, "PK\5\6\0\0\0\0", 8);
    put_number(&z, (uint64_t)(2 + f.entries), 2, false), put_number(&z, (uint64_t)(2 + f.entries), 2, false);
    put_number(&z, f.zip64_end ? UINT32_MAX : end - directory, 4, false);
    put_number(&z, f.zip64_end ? UINT32_MAX : directory + (size_t)f.directory, 4, false);
    put_number(&z, (uint64_t)f.comment, 2, false);
    for (int i = 0; i < f.comment + f.tail; i++)
        put(&z, "x", 1);
    return z;
}

static void assert_is_read(const struct image *z)
{
    unsigned char *exact = exact_copy(z->at, z->n);
    wg_dataset_npz *npz = wg_dataset_parse_npz(exact, z->n, "good");
    free(exact);
    if (!npz)
        fail_msg("%s", wg_error_first()->message);
    assert_int_equal(wg_dataset_npz_tensors(npz).n, 2);
    assert_true(wg_item(wg_dataset_npz_tensor(npz, "a")) == 1 && wg_item(wg_dataset_npz_tensor(npz, "b")) == 2);
    wg_dataset_npz_destroy(npz);
}

static void archives_large_or_small_are_read(void **state)
{
    (void)state;
    const unsigned char other[] = {9, 9, 2, 0, 1, 2}; /* an extra field of another kind */
    const struct image archives[] = {
        archive_of((struct flaw){.entries = 0}),
        archive_of((struct flaw){.zip64_local = true}),
        archive_of((struct flaw){.zip64_central = true}),
        archive_of((struct flaw){.zip64_end = true}),
        archive_of((struct flaw){.zip64_local = true, .zip64_central = true, .zip64_end = true}),
        archive_of((struct flaw){.extra = 6, .extra_bytes = other}),
    };
    for (size_t i = 0; i < sizeof archives / sizeof *archives; i++)
        assert_is_read(&archives[i]);
    assert_no_error();
}

static const unsigned char long_extra[] = {1, 0, 17, 0, 0, 0};

#define LONG "a name of more than forty characters, of which messages show not all of it.npy"

static const struct {
    struct flaw flaw;
    const char *message;
} flaws[] = {
    {{.comment = 3}, "byte 439: expected the end record of a ZIP archive, without a comment"},
    {{.tail = 1}, "byte 437: expected the end record of a ZIP archive, without a comment"},
    {{.entries = 1}, "byte 334: a directory of 3 members in 102 bytes"},
    {{.entries = -1}, "byte 385: expected the end, got 51 more bytes"},
    {{.entries = 9}, "byte 334: a directory of 11 members in 102 bytes"},
    {{.directory = 1}, "byte 436: the directory does not end where the archive's end record begins"},
    {{.gap = 1}, "\"a.npy\" does not begin where the member before it ends"},
    {{.at = 1}, "\"a.npy\" does not begin where the member before it ends"},
    {{.method = 8, .local_method = 8}, "\"a.npy\" is compressed: write the archive by np.savez instead of np.savez_compressed"},
    {{.method = 99}, "\"a.npy\" is compressed: write the archive by np.savez instead of np.savez_compressed"},
    {{.local_method = 8}, "byte 0: the header of \"a.npy\" is not that of the directory"},
    {{.flags = 1, .local_flags = 1}, "\"a.npy\" is encrypted"},
    {{.flags = 8, .local_flags = 8}, "\"a.npy\" has its size behind it: write the archive to a file, not into a pipe"},
    {{.local_flags = 8}, "byte 0: the header of \"a.npy\" is not that of the directory"},
    {{.crc = 1, .local_crc = 1}, "byte 0: \"a.npy\" is damaged: its CRC-32 differs"},
    {{.local_crc = 1}, "byte 0: the header of \"a.npy\" is not that of the directory"},
    {{.local_size = 1}, "byte 0: the header of \"a.npy\" is not that of the directory"},
    {{.packed = 1}, "\"a.npy\" is stored, and its two sizes differ"},
    {{.size = -1, .local_size = -1}, "byte 0: \"a.npy\" is damaged: its CRC-32 differs"},
    {{.size = 1000, .local_size = 1000}, "byte 0: \"a.npy\" is longer than the archive"},
    {{.first_local = "c.npy"}, "byte 0: the header of \"a.npy\" is not that of the directory"},
    {{.second = "a.npy"}, "two members are called \"a.npy\""},
    {{.first = LONG, .second = LONG}, "two members are called \"a name of more than forty characters, of\""},
    {{.first = LONG, .at = 1}, "\"a name of more than forty characters, of\" does not begin where the member before it ends"},
    {{.first = LONG, .crc = 1, .local_crc = 1}, "\"a name of more than forty characters, of\" is damaged: its CRC-32 differs"},
    {{.first = LONG ".txt"}, "\"a name of more than forty characters, of which messages show\" is no .npy file"},
    {{.last_gap = 3}, "byte 334: 3 bytes between the last member and the directory"},
    {{.excess = 1}, "byte 436: expected the end, got 1 more bytes"},
    {{.first = "a.txt"}, "\"a.txt\" is no .npy file"},
    {{.first = ".npy"}, "\".npy\" is no .npy file"},
    {{.first = "\xff.npy"}, "a name that is empty, no UTF-8, or has control characters"},
    {{.first = "\x80.npy"}, "a name that is empty, no UTF-8, or has control characters"},
    {{.first = "\n.npy"}, "a name that is empty, no UTF-8, or has control characters"},
    {{.first = "\xe4.npy", .flags = 1 << 11, .local_flags = 1 << 11}, "a name that is empty, no UTF-8, or has control characters"},
    {{.first = "\xc3\xa4.npy", .flags = 1 << 11, .local_flags = 1 << 11}, "is neither ASCII nor marked as UTF-8"},
    {{.first = "\xe0\x80\x80.npy"}, "a name that is empty, no UTF-8, or has control characters"}, /* longer than needed */
    {{.first = "\xf0\x80\x80\x80.npy"}, "a name that is empty, no UTF-8, or has control characters"},
    {{.first = "\xed\xa0\x80.npy"}, "a name that is empty, no UTF-8, or has control characters"},     /* a surrogate */
    {{.first = "\xf4\x90\x80\x80.npy"}, "a name that is empty, no UTF-8, or has control characters"}, /* above U+10FFFF */
    {{.first = "\xe0\xa0.npy"}, "a name that is empty, no UTF-8, or has control characters"},         /* cut off */
    {{.first = "\xe2\x82.npy"}, "a name that is empty, no UTF-8, or has control characters"},
    {{.extra = 6, .extra_bytes = long_extra}, "an extra field is longer than its header says"},
    {{.zip64_end = true, .zip64_less = true}, "byte 436: expected the end record of a zip64 archive"},
};

static void flawed_archives_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        const struct image z = archive_of(flaws[i].flaw);
        unsigned char *exact = exact_copy(z.at, z.n);
        if (wg_dataset_parse_npz(exact, z.n, "bad"))
            fail_msg("it was read where \"%s\" is expected", flaws[i].message);
        assert_error(WG_E_IO, flaws[i].message);
        free(exact);
    }
}

/* What is wrong with an array is said with the member's name, and its place in the archive. */
static void flawed_arrays_are_named(void **state)
{
    (void)state;
    struct image z = archive_of((struct flaw){.entries = 0});
    const size_t second = 167 + 35; /* its array */
    assert_memory_equal(z.at + second, "\x93NUMPY", 6);
    z.at[second + 6] = 9;
    const uint32_t crc = (uint32_t)crc32(crc32(0, NULL, 0), z.at + second, 132);
    for (int i = 0; i < 4; i++)
        z.at[167 + 14 + i] = z.at[334 + 51 + 16 + i] = (unsigned char)(crc >> 8 * i);
    assert_null(wg_dataset_parse_npz(z.at, z.n, "bad.npz"));
    assert_error(WG_E_IO, "dataset_parse_npz: bad.npz, b.npy, byte 208: expected the version 1.0, 2.0 or 3.0, got 9.0");
}

/* cnpy#106: 77 bytes, whose lengths lead out of the file. */
static void lengths_out_of_a_short_file_are_refused(void **state)
{
    (void)state;
    struct image z = {.n = 0};
    put(&z, "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 30);
    put(&z, "\x93NUMPY\x01\x00v\x00{'descr': '<", 22);
    put_number(&z, 0, 3, false);
    put(&z, "PK\5\6\0\0\0\0\1\0\1\0\x37\0\0\0\0\0\0\0\0\0", 22);
    assert_int_equal(z.n, 77);
    unsigned char *exact = exact_copy(z.at, z.n);
    assert_null(wg_dataset_parse_npz(exact, z.n, "short"));
    assert_error(WG_E_IO, "dataset_parse_npz: short, byte 0: expected an entry of the directory");
    free(exact);
    struct image ends = {.n = 0};
    put(&ends, "PK\6\7\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 42);
    assert_null(wg_dataset_parse_npz(ends.at, ends.n, "short"));
    assert_error(WG_E_IO, "dataset_parse_npz: short, byte 0: expected the end record of a zip64 archive");
    for (size_t n = 0; n < z.n; n++) {
        exact = exact_copy(z.at + n, z.n - n);
        assert_null(wg_dataset_parse_npz(exact, z.n - n, "short"));
        assert_error(WG_E_IO, "dataset_parse_npz: short, byte ");
        free(exact);
    }
}

static void each_truncation_is_refused(void **state)
{
    (void)state;
    const struct image z = archive_of((struct flaw){.zip64_end = true});
    for (size_t n = 0; n < z.n; n++) {
        unsigned char *exact = exact_copy(z.at, n);
        assert_null(wg_dataset_parse_npz(exact, n, "cut"));
        assert_error(WG_E_IO, "dataset_parse_npz: cut, byte ");
        free(exact);
    }
}

/* Each byte of an archive, changed: it is refused, or nothing that is read has changed. */
static int refusals_of_changes(const struct image *good, unsigned char change)
{
    int refused = 0;
    for (size_t i = 0; i < good->n; i++) {
        struct image z = *good;
        z.at[i] ^= change;
        wg_dataset_npz *npz = wg_dataset_parse_npz(z.at, z.n, "changed");
        refused += !npz;
        const wg_tensor_list list = npz ? wg_dataset_npz_tensors(npz) : (wg_tensor_list){0, NULL, NULL};
        for (size_t k = 0; k < list.n; k++)
            assert_true(wg_item(list.tensor[k]) == (double)k + 1);
        wg_dataset_npz_destroy(npz);
        (void)wg_error_take(NULL);
    }
    return refused;
}

static void changed_bytes_do_not_change_elements(void **state)
{
    (void)state;
    const struct image archives[] = {archive_of((struct flaw){.entries = 0}), archive_of((struct flaw){.zip64_end = true}),
                                     archive_of((struct flaw){.zip64_local = true, .zip64_central = true, .zip64_end = true})};
    for (int i = 0; i < 3; i++)
        for (int bit = 0; bit < 8; bit += 5)
            assert_true(refusals_of_changes(&archives[i], (unsigned char)(1 << bit)) > 300);
}

/* ---- NumPy's files, and ours ---- */

static void archives_of_numpy_are_read(void **state)
{
    (void)state;
    wg_dataset_npz *npz = wg_dataset_read_npz(READERS "/all.npz");
    assert_non_null(npz);
    const wg_tensor_list list = wg_dataset_npz_tensors(npz);
    assert_int_equal(list.n, 14);
    for (size_t i = 0; i < 12; i++) {
        char path[300];
        snprintf(path, sizeof path, READERS "/%s.npy", list.name[i]);
        wg_tensor *alone = wg_dataset_read_npy(path);
        assert_same_bits(alone, list.tensor[i]);
        wg_free(alone);
    }
    assert_string_equal(list.name[12], "größe");
    assert_string_equal(wg_name_of(list.tensor[12]), "größe");
    assert_values(wg_dataset_npz_tensor(npz, "größe"), (const double[]){-10, -8.25}, 0);
    assert_true(wg_item(wg_dataset_npz_tensor(npz, "a/b")) == -10);
    assert_null(wg_dataset_npz_tensor(npz, "a"));
    assert_error(WG_E_ARGUMENT, "dataset_npz_tensor: the archive has no array a");
    wg_dataset_npz_destroy(npz);
    npz = wg_dataset_read_npz(READERS "/empty.npz");
    assert_int_equal(wg_dataset_npz_tensors(npz).n, 0);
    wg_dataset_npz_destroy(npz);
    assert_no_error();
}

static void other_archives_are_refused(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {READERS "/compressed.npz", "\"a.npy\" is compressed: write the archive by np.savez instead of np.savez_compressed"},
        {READERS "/pipe.npz", "\"a.npy\" has its size behind it: write the archive to a file, not into a pipe"},
        {READERS "/other.npz", "\"a.txt\" is no .npy file"},
        {READERS "/f4.npy", "expected the end record of a ZIP archive, without a comment"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        assert_null(wg_dataset_read_npz(files[i][0]));
        assert_error(WG_E_IO, files[i][1]);
    }
}

static void lists_are_written_and_read_again(void **state)
{
    (void)state;
    wg_tensor *t[] = {wg_ones(WG_F32, WG_SHAPE(2, 3)), wg_scalar(WG_F64, -0.1), wg_zeros(WG_U8, WG_SHAPE(0, 2)),
                      wg_ones(WG_I64, WG_SHAPE(4))};
    const char *name[] = {"weight", "π", "€ 😀", "a/b.npy"};
    const wg_tensor_list list = {4, t, name};
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), list), WG_OK);
    {
        WG_TAPE(tape); /* the archive's tensors are its own, not the tape's */
        wg_dataset_npz *npz = wg_dataset_read_npz(in_folder("ours.npz"));
        for (int i = 0; i < 4; i++) {
            assert_string_equal(wg_dataset_npz_tensors(npz).name[i], name[i]);
            assert_shape(wg_dataset_npz_tensors(npz).tensor[i], wg_shape_of(t[i]));
            assert_same_bits(wg_dataset_npz_tensors(npz).tensor[i], t[i]);
        }
        wg_dataset_npz_destroy(npz);
    }
    const char *twice[] = {"a", "a", "b", "c"}, *empty[] = {"", "a", "b", "c"}, *control[] = {"a", "\t", "b", "c"},
               *latin[] = {"\xe4", "a", "b", "c"};
    const char *const *wrong[] = {twice, empty, control, latin};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), ((wg_tensor_list){4, t, wrong[i]})), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "dataset_write_npz: ");
    }
    char endless[1100];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    const char *too_long[] = {endless, "a", "b", "c"};
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), ((wg_tensor_list){4, t, too_long})), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "the name of tensor 0 is empty, too long");
    assert_int_equal(wg_dataset_write_npz(in_folder("no/ours.npz"), list), WG_E_IO);
    assert_error(WG_E_IO, "dataset_write_npz: ");
    wg_dataset_npz *npz = wg_dataset_read_npz(in_folder("ours.npz")); /* the old one */
    assert_int_equal(wg_dataset_npz_tensors(npz).n, 4);
    wg_dataset_npz_destroy(npz);
    assert_int_equal(wg_dataset_write_npz(in_folder("none.npz"), ((wg_tensor_list){0, NULL, NULL})), WG_OK);
    npz = wg_dataset_read_npz(in_folder("none.npz"));
    assert_int_equal(wg_dataset_npz_tensors(npz).n, 0);
    wg_dataset_npz_destroy(npz);
    for (int i = 0; i < 4; i++)
        wg_free(t[i]);
    assert_no_error();
}

/* One number, seen as 4 GiB of them: refused before memory is asked for. */
static void more_than_an_archive_holds_is_refused(void **state)
{
    (void)state;
    wg_tensor *one = wg_scalar(WG_F32, 1), *large = wg_broadcast_to(one, WG_SHAPE(1 << 15, 1 << 15));
    wg_tensor *list[] = {one, large};
    const char *names[] = {"one", "large"};
    assert_int_equal(wg_dataset_write_npz(in_folder("large.npz"), ((wg_tensor_list){2, list, names})), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "dataset_write_npz: tensors above 3.75 GiB do not fit into one archive: see wg_save");
    assert_true(access(in_folder("large.npz"), F_OK) != 0);
    wg_free(large), wg_free(one);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(archives_large_or_small_are_read), TEST(flawed_archives_are_refused),
        TEST(flawed_arrays_are_named),          TEST(lengths_out_of_a_short_file_are_refused),
        TEST(each_truncation_is_refused),       TEST(changed_bytes_do_not_change_elements),
        TEST(archives_of_numpy_are_read),       TEST(other_archives_are_refused),
        TEST(lists_are_written_and_read_again), TEST(more_than_an_archive_holds_is_refused),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* CIFAR's binary files, texts and their tokenizer. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "readers_check.h"

/* ---- CIFAR ---- */

enum { PIXELS = 3072 };

/* Records as the official files have them. */
static struct image records_of(int labels, int n)
{
    struct image image = {.n = 0};
    for (int i = 0; i < n; i++) {
        if (labels == 2)
            put_number(&image, (uint64_t)i % 20, 1, true);
        put_number(&image, (uint64_t)(labels == 2 ? 99 - i : i % 10), 1, true);
        for (int k = 0; k < PIXELS; k++)
            put_number(&image, (uint64_t)(i * 31 + k * 7) % 256, 1, true);
    }
    return image;
}

static void assert_images(const wg_tensor *x, int first, int n, bool flat)
{
    assert_shape(x, flat ? WG_SHAPE(n, PIXELS) : WG_SHAPE(n, 3, 32, 32));
    for (int i = 0; i < n * PIXELS; i++)
        assert_true(wg_data_as(x, float)[i] == (float)(((first + i / PIXELS) * 31 + i % PIXELS * 7) % 256) / 255.0f);
}

static void files_of_cifar_become_one_set(void **state)
{
    (void)state;
    const struct image image = records_of(1, 12);
    const size_t cut = 5 * (1 + PIXELS);
    write_file("data_batch_1.bin", image.at, cut);
    write_file("data_batch_2.bin", image.at + cut, image.n - cut);
    const char *paths[] = {in_folder("data_batch_1.bin"), in_folder("data_batch_2.bin")};
    wg_tensor *x = NULL, *y = NULL;
    assert_int_equal(wg_dataset_read_cifar(paths, 2, &x, &y), WG_OK);
    assert_images(x, 0, 12, false);
    for (int i = 0; i < 12; i++)
        assert_int_equal(wg_data_as(y, int64_t)[i], i % 10);
    wg_free(x), wg_free(y);
    assert_int_equal(wg_dataset_read_cifar(paths, 2, &x, &y, .max_bytes = image.n), WG_OK);
    wg_free(x), wg_free(y);
    x = y = NULL;
    assert_int_equal(wg_dataset_read_cifar(paths, 2, &x, &y, .max_bytes = image.n - 1), WG_E_IO);
    assert_error(WG_E_IO, "data_batch_2.bin has more than ");
    assert_true(!x && !y);
}

static void coarse_and_fine_labels_are_read(void **state)
{
    (void)state;
    const struct image image = records_of(2, 3);
    for (int fine = 0; fine < 2; fine++) {
        wg_tensor *x = NULL, *y = NULL;
        assert_int_equal(wg_dataset_parse_cifar(image.at, image.n, "train", &x, &y, .flat = fine,
                                                .kind = fine ? WG_CIFAR_100 : WG_CIFAR_100_COARSE),
                         WG_OK);
        assert_images(x, 0, 3, fine);
        for (int i = 0; i < 3; i++)
            assert_int_equal(wg_data_as(y, int64_t)[i], fine ? 99 - i : i);
        wg_free(x), wg_free(y);
    }
    assert_no_error();
}

static void bad_files_of_cifar_are_refused(void **state)
{
    (void)state;
    struct image ten = records_of(1, 2), hundred = records_of(2, 2);
    wg_tensor *x = NULL, *y = NULL;
    for (size_t n = 0; n < ten.n; n++) {
        if (n == ten.n / 2)
            continue;
        unsigned char *exact = exact_copy(ten.at, n);
        assert_int_equal(wg_dataset_parse_cifar(exact, n, "cut", &x, &y), WG_E_IO);
        assert_error(WG_E_IO, n > ten.n / 2 ? "dataset_parse_cifar: cut, byte 3073: expected records of 3073 bytes, got "
                                            : "dataset_parse_cifar: cut, byte 0: expected records of 3073 bytes, got ");
        free(exact);
    }
    ten.at[3073] = 10;
    assert_int_equal(wg_dataset_parse_cifar(ten.at, ten.n, "bad", &x, &y), WG_E_IO);
    assert_error(WG_E_IO, "dataset_parse_cifar: bad, byte 3073: expected a label below 10, got 10");
    hundred.at[1] = 100;
    for (int fine = 0; fine < 2; fine++) { /* both labels are checked, whichever is read */
        assert_int_equal(
            wg_dataset_parse_cifar(hundred.at, hundred.n, "bad", &x, &y, .kind = fine ? WG_CIFAR_100 : WG_CIFAR_100_COARSE),
            WG_E_IO);
        assert_error(WG_E_IO, "dataset_parse_cifar: bad, byte 1: expected a label below 100, got 100");
    }
    hundred.at[1] = 0, hundred.at[3074] = 20;
    assert_int_equal(wg_dataset_parse_cifar(hundred.at, hundred.n, "bad", &x, &y, .kind = WG_CIFAR_100), WG_E_IO);
    assert_error(WG_E_IO, "dataset_parse_cifar: bad, byte 3074: expected a label below 20, got 20");
    assert_int_equal(wg_dataset_parse_cifar(ten.at, ten.n, "bad", &x, &y, .kind = (wg_cifar)3), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "dataset_parse_cifar: expected .kind");
    assert_int_equal(wg_dataset_parse_cifar(ten.at, 3073, "bad", &x, &y, .dtype = WG_I64), WG_E_DTYPE);
    assert_error(WG_E_DTYPE, "dataset_parse_cifar: expected .dtype f32 or f64");
    assert_int_equal(wg_dataset_parse_cifar(ten.at, 3073, "bad", &x, &y, .max_bytes = 3072), WG_E_IO);
    assert_error(WG_E_IO, "has more than 3072 bytes");
    assert_true(!x && !y);
}

/* ---- texts ---- */

static const char verse[] = "so much depends\0upon\xff";

static void bytes_of_texts_are_read(void **state)
{
    (void)state;
    write_file("verse", verse, sizeof verse - 1);
    for (int wide = 0; wide < 2; wide++) {
        wg_tensor *t = wg_dataset_read_text(in_folder("verse"), .dtype = wide ? WG_I64 : WG_U8);
        assert_shape(t, WG_SHAPE(sizeof verse - 1));
        for (size_t i = 0; i < sizeof verse - 1; i++)
            assert_int_equal(wide ? wg_data_as(t, int64_t)[i] : wg_data_as(t, uint8_t)[i], (unsigned char)verse[i]);
        wg_free(t);
    }
    wg_tensor *none = wg_dataset_parse_text("", 0, "none");
    assert_shape(none, WG_SHAPE(0));
    wg_free(none);
    assert_null(wg_dataset_read_text(in_folder("verse"), .max_bytes = 20));
    assert_error(WG_E_IO, "verse has more than 20 bytes (see .max_bytes)");
    assert_null(wg_dataset_parse_text("abc", 3, "three", .max_bytes = 2));
    assert_error(WG_E_IO, "dataset_parse_text: three has more than 2 bytes (see .max_bytes)");
    assert_null(wg_dataset_parse_text("abc", 3, "three", .dtype = WG_F32));
    assert_error(WG_E_DTYPE, "dataset_parse_text: expected .dtype u8 or i64, got f32");
    assert_no_error();
}

static void large_files_are_read(void **state)
{
    (void)state;
    const size_t n = ((size_t)17 << 20) + 3;
    unsigned char *bytes = malloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    write_file("large", bytes, n);
    wg_tensor *t = wg_dataset_read_text(in_folder("large"));
    assert_shape(t, WG_SHAPE((int64_t)n));
    assert_memory_equal(wg_data(t), bytes, n);
    wg_free(t);
    free(bytes);
    assert_null(wg_dataset_read_text(in_folder("large"), .max_bytes = n - 1));
    assert_error(WG_E_IO, "large has more than 17825794 bytes (see .max_bytes)");
    assert_no_error();
}

/* A pipe, and a file that says it has no bytes and has some. */
static void files_without_a_size_are_read(void **state)
{
    (void)state;
    static char long_verse[100000];
    memset(long_verse, 'v', sizeof long_verse);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    for (int i = 0; i < 2; i++) {
        const pid_t child = fork();
        if (child == 0) {
            write_file("pipe", long_verse, sizeof long_verse);
            _exit(0);
        }
        wg_tensor *t = wg_dataset_read_text(in_folder("pipe"), .max_bytes = sizeof long_verse - (size_t)i);
        if (i == 0) {
            assert_shape(t, WG_SHAPE(sizeof long_verse));
            assert_memory_equal(wg_data(t), long_verse, sizeof long_verse);
        } else {
            assert_null(t);
            assert_error(WG_E_IO, "pipe has more than 99999 bytes (see .max_bytes)");
            kill(child, SIGKILL);
        }
        assert_true(waitpid(child, NULL, 0) == child);
        wg_free(t);
    }
    wg_tensor *t = wg_dataset_read_text("/proc/self/status");
    assert_true(t && wg_numel(t) > 100);
    assert_memory_equal(wg_data(t), "Name:", 5);
    wg_free(t);
    assert_no_error();
}

static void tokens_are_bytes_and_bytes_tokens(void **state)
{
    (void)state;
    wg_tokenizer *t = wg_tokenizer_create(verse, sizeof verse - 1);
    size_t size = 0;
    const char *vocabulary = wg_tokenizer_vocabulary(t, &size);
    assert_int_equal(wg_tokenizer_size(t), 13);
    assert_int_equal(size, 13);
    assert_memory_equal(vocabulary, "\0 cdehmnopsu\xff", 14);
    wg_tensor *tokens = wg_tokenizer_encode(t, "so\0", 3);
    assert_memory_equal(wg_data_as(tokens, int64_t), ((const int64_t[]){10, 8, 0}), 3 * sizeof(int64_t));
    char text[4] = "abc";
    assert_int_equal(wg_tokenizer_decode(t, tokens, text, sizeof text), WG_OK);
    assert_memory_equal(text, "so\0", 4);
    /* made again from the vocabulary it gives the same tokens */
    wg_tokenizer *again = wg_tokenizer_create(vocabulary, size);
    wg_tensor *same = wg_tokenizer_encode(again, "so\0", 3);
    assert_same_bits(same, tokens);
    wg_free(same), wg_free(tokens);
    wg_tokenizer_destroy(again);
    tokens = wg_tokenizer_encode(t, NULL, 0);
    assert_shape(tokens, WG_SHAPE(0));
    assert_int_equal(wg_tokenizer_decode(t, tokens, text, 1), WG_OK);
    assert_string_equal(text, "");
    wg_free(tokens);
    wg_tokenizer_destroy(t);
    assert_no_error();
}

static void all_bytes_have_tokens_and_views_are_decoded(void **state)
{
    (void)state;
    unsigned char all[256];
    char text[257];
    for (int i = 0; i < 256; i++)
        all[i] = (unsigned char)(255 - i);
    wg_tokenizer *t = wg_tokenizer_create(all, sizeof all);
    assert_int_equal(wg_tokenizer_size(t), 256);
    wg_tensor *tokens = wg_tokenizer_encode(t, all, sizeof all), *square = wg_reshape(tokens, WG_SHAPE(16, 16)),
              *turned = wg_transpose(square, 0, 1);
    assert_int_equal(wg_tokenizer_decode(t, tokens, text, sizeof text), WG_OK);
    assert_memory_equal(text, all, sizeof all);
    assert_int_equal(wg_tokenizer_decode(t, turned, text, sizeof text), WG_OK);
    assert_int_equal((unsigned char)text[1], all[16]);
    wg_free(turned), wg_free(square), wg_free(tokens);
    wg_tokenizer_destroy(t);
    assert_no_error();
}

static void unknown_bytes_and_tokens_are_refused_by_place(void **state)
{
    (void)state;
    wg_tokenizer *t = wg_tokenizer_create("ab", 2);
    char text[10] = "unchanged";
    assert_null(wg_tokenizer_encode(t, "abc", 3));
    assert_error(WG_E_ARGUMENT, "tokenizer_encode: byte 2, 0x63, is not in the vocabulary");
    for (int i = 0; i < 2; i++) {
        wg_tensor *tokens = wg_from(((const int64_t[]){0, i ? -1 : 2}), WG_SHAPE(2));
        assert_int_equal(wg_tokenizer_decode(t, tokens, text, sizeof text), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT,
                     i ? "tokenizer_decode: token 1, -1, is not in 0..1" : "tokenizer_decode: token 1, 2, is not in 0..1");
        assert_int_equal(wg_tokenizer_decode(t, tokens, text, 2), WG_E_ARGUMENT);
        assert_error(WG_E_ARGUMENT, "tokenizer_decode: 2 tokens and a NUL do not fit into 2 bytes");
        wg_free(tokens);
    }
    assert_string_equal(text, "unchanged");
    wg_tokenizer_destroy(t);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_of_cifar_become_one_set),
        TEST(coarse_and_fine_labels_are_read),
        TEST(bad_files_of_cifar_are_refused),
        TEST(bytes_of_texts_are_read),
        TEST(large_files_are_read),
        TEST(files_without_a_size_are_read),
        TEST(tokens_are_bytes_and_bytes_tokens),
        TEST(all_bytes_have_tokens_and_views_are_decoded),
        TEST(unknown_bytes_and_tokens_are_refused_by_place),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

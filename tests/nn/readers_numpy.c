/* Arrays are written, and NumPy reads them; of files that were changed at random NumPy reads what is read here. readers.py is NumPy's side. */
#include "readers_check.h"

static wg_tensor *make(const char *code, wg_dtype dtype, wg_shape shape)
{
    wg_tensor *t = wg_zeros(dtype, shape);
    for (int64_t i = 0; i < wg_numel(t); i++) {
        const double v = value(code[0], code[1] - '0', i);
        if (dtype == WG_F32)
            wg_data_mut_as(t, float)[i] = (float)v;
        else if (dtype == WG_F64)
            wg_data_mut_as(t, double)[i] = v;
        else if (dtype == WG_I64)
            wg_data_mut_as(t, int64_t)[i] = (int64_t)v;
        else
            wg_data_mut_as(t, uint8_t)[i] = (uint8_t)v;
    }
    return t;
}

static int run_python(const char *what)
{
    char command[400];
    snprintf(command, sizeof command, "/usr/bin/python3 " READERS ".py %s %s 2>/dev/null", what, folder);
    return system(command);
}

static void write_ours(void)
{
    const struct {
        const char *code;
        wg_dtype dtype;
    } ours[] = {{"f4", WG_F32}, {"f8", WG_F64}, {"i8", WG_I64}, {"u1", WG_U8}};
    const struct {
        const char *name;
        wg_shape shape;
    } shapes[] = {{"scalar", WG_SCALAR}, {"one", WG_SHAPE(5)}, {"three", WG_SHAPE(2, 3, 4)}, {"none", WG_SHAPE(3, 0, 2)}};
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 4; k++) {
            char name[40];
            snprintf(name, sizeof name, "%s.%s.npy", ours[i].code, shapes[k].name);
            wg_tensor *t = make(ours[i].code, ours[i].dtype, shapes[k].shape);
            assert_int_equal(wg_dataset_write_npy(in_folder(name), t), WG_OK);
            wg_tensor *again = wg_dataset_read_npy(in_folder(name));
            assert_shape(again, shapes[k].shape);
            assert_same_bits(again, t);
            wg_free(t), wg_free(again);
        }
}

static void numpy_reads_what_is_written(void **state)
{
    (void)state;
    write_ours();
    wg_tensor *t[] = {make("f4", WG_F32, WG_SHAPE(2, 3, 4)), make("i8", WG_I64, WG_SHAPE(2)), make("f8", WG_F64, WG_SCALAR),
                      wg_zeros(WG_F64, WG_SHAPE(0))};
    const char *name[] = {"f4", "größe", "a/b", "none"};
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), (wg_tensor_list){4, t, name}), WG_OK);
    assert_int_equal(run_python("--check"), 0);
    ((float *)wg_data_mut(t[0]))[23] += 1; /* the control */
    assert_int_equal(wg_dataset_write_npz(in_folder("ours.npz"), (wg_tensor_list){4, t, name}), WG_OK);
    assert_int_not_equal(run_python("--check"), 0);
    for (int i = 0; i < 4; i++)
        wg_free(t[i]);
    assert_no_error();
}

static void views_and_computed_values_are_written_in_their_order(void **state)
{
    (void)state;
    wg_tensor *t = make("f4", WG_F32, WG_SHAPE(2, 3)), *turned = wg_transpose(t, 0, 1);
    assert_int_equal(wg_dataset_write_npy(in_folder("turned.npy"), turned), WG_OK);
    wg_tensor *again = wg_dataset_read_npy(in_folder("turned.npy"));
    assert_shape(again, WG_SHAPE(3, 2));
    assert_values(again, (const double[]){-10, -4.75, -8.25, -3, -6.5, -1.25}, 0);
    wg_free(again), wg_free(turned);
    {
        WG_TAPE(tape);
        assert_int_equal(wg_dataset_write_npy(in_folder("doubled.npy"), wg_mul_scalar(t, 2)), WG_OK);
        again = wg_dataset_read_npy(in_folder("doubled.npy")); /* the tape's */
        assert_true(wg_data_as(again, float)[0] == -20);
    }
    wg_free(t);
    assert_no_error();
}

static void what_cannot_be_written_leaves_the_old_file(void **state)
{
    (void)state;
    wg_tensor *t = make("f4", WG_F32, WG_SHAPE(3));
    assert_int_equal(wg_dataset_write_npy(in_folder("kept.npy"), t), WG_OK);
    assert_int_equal(wg_dataset_write_npy(in_folder("no/folder.npy"), t), WG_E_IO);
    assert_error(WG_E_IO, "dataset_write_npy: ");
    assert_int_equal(wg_dataset_write_npy(in_folder(""), t), WG_E_ARGUMENT);
    assert_error(WG_E_ARGUMENT, "names no file");
    assert_int_equal(wg_dataset_write_npy(in_folder("kept.npy"), NULL), WG_E_NULL);
    assert_error(WG_E_NULL, "dataset_write_npy: the tensor is NULL");
    wg_tensor *again = wg_dataset_read_npy(in_folder("kept.npy"));
    assert_same_bits(again, t);
    wg_free(t), wg_free(again);
    assert_no_error();
}

/* ---- files changed at random: what is read here has the same elements in NumPy ---- */

static uint64_t random_state = 5;
static size_t below(size_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % n;
}

static void changed_files_are_read_as_numpy_reads_them(void **state)
{
    (void)state;
    static const char letters[] = "<>|=fiub1248(),'0 ";
    int accepted = 0, refused = 0;
    for (int k = 0; k < 4000; k++) {
        const float data[] = {1, 2, 3, 4, 5, 6};
        struct image image = npy_of(1, DICT("'<f4'", "False", "(1, 6)") "\n", data, sizeof data);
        for (size_t i = 0; i < 1 + below(2); i++)
            image.at[(below(4) ? 10 : 0) + below(65)] = (unsigned char)letters[below(sizeof letters - 1)];
        wg_tensor *t = wg_dataset_parse_npy(image.at, image.n, "changed");
        refused += !t;
        if (!t) {
            assert_true(wg_error_first()->code == WG_E_IO || wg_error_first()->code == WG_E_DTYPE);
            (void)wg_error_take(NULL);
            continue;
        }
        char name[2][40];
        snprintf(name[0], sizeof name[0], "%04d.npy", k), snprintf(name[1], sizeof name[1], "%04d.ours.npy", k);
        write_file(name[0], image.at, image.n);
        assert_int_equal(wg_dataset_write_npy(in_folder(name[1]), t), WG_OK);
        accepted++;
        wg_free(t);
    }
    assert_true(accepted > 30 && refused > 1000);
    assert_int_equal(run_python("--same"), 0);
    wg_tensor *wrong = wg_zeros(WG_F32, WG_SHAPE(7)); /* the control */
    write_file("9999.npy", (const unsigned char[]){0}, 0);
    assert_int_equal(wg_dataset_write_npy(in_folder("9999.ours.npy"), wrong), WG_OK);
    assert_int_not_equal(run_python("--same"), 0);
    wg_free(wrong);
    assert_no_error();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numpy_reads_what_is_written),
        TEST(views_and_computed_values_are_written_in_their_order),
        TEST(what_cannot_be_written_leaves_the_old_file),
        TEST(changed_files_are_read_as_numpy_reads_them),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

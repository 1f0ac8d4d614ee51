/* Freeing twice and using a dead handle are refused also when other tensors were made meanwhile; and a buffer of another C type than the
   tensor's elements is refused, nothing being written to it. */
#include "case.h"

static int refused(wg_status code)
{
    wg_error error;
    wg_error_take(&error);
    return error.code == code;
}

int main(void)
{
    wg_tensor *freed = wg_ones(WG_F32, WG_SHAPE(3, 3));
    wg_free(freed);
    wg_tensor *other = wg_ones(WG_F32, WG_SHAPE(3, 3));
    wg_free(freed);
    is_("freeing twice is refused after another tensor was made", refused(WG_E_DANGLING));
    near_("the other tensor lives on: its number of elements", (double)wg_numel(other), 9, 0);
    wg_free(other);

    wg_tensor *of_tape, *w = wg_set_requires_grad(wg_ones(WG_F32, WG_SHAPE(3)), true);
    {
        WG_TAPE(tape);
        of_tape = wg_sum(wg_square(w));
    }
    {
        WG_TAPE(tape);
        wg_tensor *later = wg_sum(wg_exp(w));
        near_("a number of the next tape", wg_item(later), 3 * exp(1), 1e-6);
        const double item = wg_item(of_tape);
        is_("the number of a closed tape is refused while the next one is in use", isnan(item) && refused(WG_E_DANGLING));
    }
    wg_free(w);

    wg_tensor *wide = wg_ones(WG_F64, WG_SHAPE(3));
    float narrow[3] = {5, 6, 7};
    is_("doubles are not read into floats", wg_read(wide, narrow) == WG_E_DTYPE && refused(WG_E_DTYPE) && narrow[0] == 5);
    is_("floats are not written into doubles", wg_write(wide, narrow) == WG_E_DTYPE && refused(WG_E_DTYPE) && at_(wide, 0) == 1);
    wg_free(wide);
    return end_();
}

def test_an_answer_to_an_offer_that_nobody_made_is_told_so() -> None:
    shown = out(afterword("chat", typed=":remind yes\n:nonsense\n"))
    assert "Nothing is offered to be answered so at the moment." in shown
    assert shown.count("I do not know that command.") == 1

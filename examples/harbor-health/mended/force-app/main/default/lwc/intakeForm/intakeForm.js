import { LightningElement, api } from 'lwc';
import save from '@salesforce/apex/IntakeFormController.save';

export default class IntakeForm extends LightningElement {
    @api region = 'us';
    form = {};
    status = '';

    keep(event) {
        this.form[event.target.dataset.field] = event.target.value;
    }

    async send(event) {
        event.preventDefault();
        await save({ form: { ...this.form, Data_Region__c: this.region } });
        this.status = 'Thank you. We have your intake form.';
    }
}
